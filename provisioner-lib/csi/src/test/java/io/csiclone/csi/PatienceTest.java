package io.csiclone.csi;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Context;
import io.grpc.Deadline;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** How long a call waits before it answers. */
class PatienceTest {

  private static final Duration MOST = Duration.ofSeconds(2);

  @Test
  void aCallWithADeadlineWaitsForWhatTheServerAllowsOrItsDeadlineAllows() throws Exception {
    assertThat(left(Deadline.after(10, TimeUnit.SECONDS))).isLessThanOrEqualTo(MOST);
    assertThat(left(Deadline.after(1, TimeUnit.SECONDS))).isLessThan(Duration.ofSeconds(1));
    assertThat(left(Deadline.after(-1, TimeUnit.SECONDS))).isZero();
  }

  @Test
  void aCallWithoutADeadlineIsInNoHurry() {
    assertThat(Duration.ofNanos(Patience.ofCall(MOST).nanosLeft()))
        .isBetween(Duration.ofSeconds(30), Duration.ofSeconds(60));
    assertThat(Duration.ofNanos(Patience.ofCall(Duration.ofMinutes(5)).nanosLeft()))
        .isGreaterThan(Duration.ofMinutes(4));
  }

  private static Duration left(Deadline deadline) throws Exception {
    try (ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
        var call = Context.current().withDeadline(deadline, timer)) {
      return call.call(() -> Duration.ofNanos(Patience.ofCall(MOST).nanosLeft()));
    }
  }
}
