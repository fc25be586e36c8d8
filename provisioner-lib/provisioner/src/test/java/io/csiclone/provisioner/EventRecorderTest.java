package io.csiclone.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.provisioner.FaultyApi.Fate;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What becomes of events when there are many. */
class EventRecorderTest extends FaultTestBed {

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

  private EventRecorder recorder(KubernetesClient client, int most) {
    var metrics = new ProvisionerMetrics(meters, ScriptedDriver.NAME);
    return new EventRecorder(client, ScriptedDriver.NAME, "", metrics, most);
  }

  private static PersistentVolumeClaim claim(int number) {
    return new PersistentVolumeClaimBuilder()
        .withNewMetadata()
        .withNamespace(NAMESPACE)
        .withName("claim-" + number)
        .withUid("uid-" + number)
        .endMetadata()
        .build();
  }

  private List<Event> events() {
    return client.v1().events().inNamespace(NAMESPACE).list().getItems();
  }

  private List<String> told(String reason) {
    return events().stream()
        .filter(event -> event.getReason().equals(reason))
        .map(event -> event.getInvolvedObject().getName() + " " + event.getMessage())
        .toList();
  }

  private double dropped() {
    return meters.get("csi.clone.events.dropped").counter().count();
  }

  @Test
  void inAStormTheLastWordOnEachClaimIsToldAndWhatIsDroppedIsCounted() throws Exception {
    int claims = 100;
    var slow = way();
    var free = new CountDownLatch(1);
    slow.fate =
        request -> {
          if (request.contains("/events")) {
            awaitLatch(free);
          }
          return Fate.PASSED;
        };
    try (var client = slow.client();
        var recorder = recorder(client, claims)) {
      for (String percent : List.of("10 %", "50 %", "90 %")) {
        IntStream.range(0, claims).forEach(i -> recorder.normal(claim(i), "Cloning", percent));
      }
      assertThat(dropped()).isZero();
      IntStream.range(0, claims)
          .forEach(i -> recorder.normal(claim(i), "ProvisioningSucceeded", "made"));
      free.countDown();

      eventually(() ->
          assertThat(told("ProvisioningSucceeded"))
              .containsExactlyInAnyOrderElementsOf(
                  IntStream.range(0, claims).mapToObj(i -> "claim-" + i + " made").toList()));
      // One, or if that was quicker a second, was on its way already.
      assertThat(dropped()).isBetween(claims - 2.0, claims - 0.0);
    }
  }

  private static void awaitLatch(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void whatIsSaidInEverOtherWordsBecomesOneEventWithTheLatest() {
    try (var recorder = recorder(client, EventRecorder.WAITING)) {
      for (int i = 1; i <= 40; i++) {
        String words = "attempt " + i;
        recorder.warning(claim(0), "ProvisioningFailed", words);
        eventually(() -> assertThat(told("ProvisioningFailed")).contains("claim-0 " + words));
      }

      assertThat(told("ProvisioningFailed"))
          .hasSize(11)
          .contains("claim-0 attempt 1", "claim-0 attempt 10", "claim-0 attempt 40");
      assertThat(events())
          .filteredOn(event -> event.getMessage().equals("attempt 40"))
          .extracting(Event::getCount)
          .containsExactly(30);
    }
  }

  @Test
  void theSameWordsAreCountedOnTheirEvent() {
    try (var recorder = recorder(client, EventRecorder.WAITING)) {
      for (int i = 1; i <= 64; i++) {
        recorder.warning(claim(0), "ProvisioningFailed", "no room");
      }

      eventually(() -> assertThat(events()).extracting(Event::getCount).containsExactly(64));
    }
  }
}
