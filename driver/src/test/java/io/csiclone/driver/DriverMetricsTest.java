package io.csiclone.driver;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.copy.CopyMethod;
import io.csiclone.csi.CloneEvent;
import io.csiclone.csi.StorageInventory.Kind;
import io.csiclone.csi.StorageInventory.Trace;
import io.csiclone.csi.SweepReport;
import io.grpc.Status.Code;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The driver's figures, as they are scraped. */
class DriverMetricsTest {

  private final CloneProgress progress = new CloneProgress();
  private final DriverMetrics metrics = new DriverMetrics(progress);

  private void told(CloneEvent event) {
    progress.told(event);
    metrics.told(event);
  }

  private double value(String series) {
    return metrics
        .text()
        .lines()
        .filter(line -> line.startsWith(series + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(series.length() + 1)))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no series " + series + " in " + metrics.text()));
  }

  @Test
  void aCopyIsCountedWhileItWaitsWhileItRunsAndWhenItHasEnded() {
    told(new CloneEvent.Begun("vol-1", "vol-0", false));
    told(new CloneEvent.Waiting("vol-1", "vol-0"));
    assertThat(value("csi_clone_clones_active")).isEqualTo(1);
    assertThat(value("csi_clone_clones_waiting")).isEqualTo(1);

    told(new CloneEvent.Copying("vol-1", "vol-0", 10, 100, 7, Optional.empty()));
    assertThat(value("csi_clone_clones_waiting")).isZero();
    assertThat(value("csi_clone_copy_bytes_left")).isEqualTo(90);
    assertThat(value("csi_clone_copy_bytes_per_second")).isEqualTo(7);

    told(
        new CloneEvent.Made(
            "vol-1", "vol-0", Optional.of(CopyMethod.READ_WRITE), 100, Duration.ofMinutes(50)));
    assertThat(value("csi_clone_clones_active")).isZero();
    assertThat(value("csi_clone_copy_bytes_left")).isZero();
    assertThat(value("csi_clone_copied_bytes_total{method=\"read_write\"}")).isEqualTo(100);
    String bucket = "csi_clone_duration_seconds_bucket{method=\"read_write\",le=\"%s\"}";
    assertThat(value(bucket.formatted("900.0"))).isZero();
    assertThat(value(bucket.formatted("3600.0"))).isEqualTo(1);
  }

  @Test
  void aCloneByTheStorageItselfIsCountedAsNative() {
    told(new CloneEvent.Begun("vol-1", "vol-0", false));
    told(new CloneEvent.Made("vol-1", "vol-0", Optional.empty(), 0, Duration.ofMillis(3)));

    assertThat(value("csi_clone_duration_seconds_count{method=\"native\"}")).isEqualTo(1);
  }

  @Test
  void failuresAreCountedByTheirCodeAndWhatIsStoppedIsNoFailure() {
    told(new CloneEvent.Begun("vol-1", "vol-0", false));
    told(
        new CloneEvent.Failed(
            "vol-1", "vol-0", Code.RESOURCE_EXHAUSTED, "full", Duration.ofSeconds(1)));
    told(new CloneEvent.Begun("vol-2", "vol-0", false));
    told(new CloneEvent.Stopped("vol-2", "vol-0"));

    assertThat(value("csi_clone_failures_total{code=\"RESOURCE_EXHAUSTED\"}")).isEqualTo(1);
    assertThat(value("csi_clone_failures_total{code=\"INTERNAL\"}")).isZero();
    assertThat(value("csi_clone_clones_active")).isZero();
  }

  @Test
  void whatTheLastSweepFoundIsShown() {
    metrics.swept(
        new SweepReport(
            List.of(new Trace(Kind.FILE, "", "a"), new Trace(Kind.MOUNT, "vol-1", "b")),
            List.of("vol-2"),
            List.of(),
            List.of()));

    assertThat(value("csi_clone_unexplained{kind=\"file\"}")).isEqualTo(1);
    assertThat(value("csi_clone_unexplained{kind=\"mount\"}")).isEqualTo(1);
    assertThat(value("csi_clone_unexplained{kind=\"device\"}")).isZero();
    assertThat(value("csi_clone_missing_volumes")).isEqualTo(1);
  }

  @Test
  void noSeriesIsAddedByWhatHappens() {
    Set<String> before = series();
    told(new CloneEvent.Begun("vol-1", "vol-0", false));
    told(new CloneEvent.Made("vol-1", "vol-0", Optional.of(CopyMethod.PLAIN), 1, Duration.ZERO));
    metrics.swept(new SweepReport(List.of(), List.of(), List.of(), List.of()));

    assertThat(series()).isEqualTo(before);
  }

  private Set<String> series() {
    return metrics
        .text()
        .lines()
        .filter(line -> !line.startsWith("#"))
        .map(line -> line.substring(0, line.lastIndexOf(' ')))
        .collect(Collectors.toSet());
  }
}
