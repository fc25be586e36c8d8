package io.csiclone.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.csiclone.csi.BackendException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class CommandTest {

  @Test
  void outputComesBackStripped() {
    assertThat(Command.run(Command.SHORT, "printf", "a b\n\n")).isEqualTo("a b");
  }

  @Test
  void argumentsNeverReachAShell() {
    assertThat(Command.run(Command.SHORT, "printf", "%s", "$(id); `id` > /tmp/x"))
        .isEqualTo("$(id); `id` > /tmp/x");
  }

  @Test
  void aFailureNamesTheCommandItsExitCodeAndWhatItSaid() {
    assertThatThrownBy(() -> Command.run(Command.SHORT, "ls", "/no/such/folder"))
        .isInstanceOf(BackendException.class)
        .hasMessageContaining("'ls /no/such/folder' failed with exit code 2")
        .hasMessageContaining("No such file or directory");
  }

  @Test
  void aProgramThatIsNotInstalledIsNamed() {
    assertThatThrownBy(() -> Command.run(Command.SHORT, "mkfs.nothing"))
        .isInstanceOf(BackendException.class)
        .hasMessageContaining("cannot run mkfs.nothing; is it installed");
  }

  @Test
  void aProgramThatHangsIsStoppedAtTheTimeLimit() {
    long start = System.nanoTime();

    assertThatThrownBy(() -> Command.run(Duration.ofMillis(200), "sleep", "60"))
        .isInstanceOf(BackendException.class)
        .hasMessageContaining("'sleep 60' did not end within");
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
  }

  @Test
  void outputLargerThanAPipeDoesNotBlock() {
    assertThat(Command.run(Command.SHORT, "head", "-c", "1000000", "/dev/zero")).isNotEmpty();
  }

  @Test
  void aShieldedCommandEndsAlthoughItsCallerIsInterrupted() {
    Thread.currentThread().interrupt();
    try {
      assertThat(Command.shielded(() -> Command.run(Command.SHORT, "printf", "done")))
          .isEqualTo("done");
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
  }
}
