package io.csiclone.driver;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.csi.CloneEvent;
import io.csiclone.csi.CsiServer;
import io.csiclone.provisioner.VolumeProgress.Copying;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** From what the CSI services tell to what the owner of a claim can read. */
class CloneProgressTest {

  private static final String NAME = "pvc-1";
  private static final String ID = CsiServer.volumeId(NAME);

  private final CloneProgress progress = new CloneProgress();

  @Test
  void aCloneIsFoundByTheNameOfItsVolumeWhileItIsCopiedAndNoLonger() {
    Optional<Duration> left = Optional.of(Duration.ofSeconds(9));
    progress.told(new CloneEvent.Begun(ID, "vol-source", false));
    assertThat(progress.of(NAME)).isEmpty();

    progress.told(new CloneEvent.Copying(ID, "vol-source", 1, 4, 1, left));
    assertThat(progress.of(NAME)).contains(new Copying(1, 4, left));
    assertThat(progress.of("pvc-2")).isEmpty();

    progress.told(new CloneEvent.Stopped(ID, "vol-source"));
    assertThat(progress.of(NAME)).isEmpty();
  }
}
