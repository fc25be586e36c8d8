package io.csiclone.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.csiproto.CreateVolumeRequest;
import io.csiclone.provisioner.CsiClient.CreateAnswer;
import io.csiclone.provisioner.CsiClient.DeleteAnswer;
import io.grpc.Status;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What each code means: whether a volume may still come about decides whether one can leak. */
class CsiClientTest {

  private static final Set<Status.Code> MAYBE_UNDER_WAY =
      Set.of(
          Status.Code.CANCELLED,
          Status.Code.DEADLINE_EXCEEDED,
          Status.Code.UNAVAILABLE,
          Status.Code.ABORTED);

  private final ScriptedDriver driver = new ScriptedDriver();
  private final CsiClient client =
      new CsiClient(
          driver.channel(),
          Duration.ofSeconds(20),
          new ProvisionerMetrics(new SimpleMeterRegistry(), ScriptedDriver.NAME));

  @AfterEach
  void stop() throws InterruptedException {
    driver.close();
  }

  @ParameterizedTest
  @EnumSource(value = Status.Code.class, mode = EnumSource.Mode.EXCLUDE, names = "OK")
  void onlyFourCodesSayThatAVolumeMayBeUnderWay(Status.Code code) {
    driver.nextCreates.add(code.toStatus());
    driver.nextDeletes.add(code.toStatus());

    CreateAnswer made = client.create(CreateVolumeRequest.newBuilder().setName("pvc-1").build());
    DeleteAnswer deleted = client.delete("vol-1", Map.of());

    boolean underWay = MAYBE_UNDER_WAY.contains(code);
    assertThat(made instanceof CreateAnswer.InProgress).isEqualTo(underWay);
    assertThat(deleted instanceof DeleteAnswer.InProgress).isEqualTo(underWay);
    assertThat(made instanceof CreateAnswer.Exhausted)
        .isEqualTo(code == Status.Code.RESOURCE_EXHAUSTED);
  }
}
