package io.csiclone.driver;

import io.csiclone.copy.CopyMethod;
import io.csiclone.csi.CloneEvent;
import io.csiclone.csi.CloneListener;
import io.csiclone.csi.StorageInventory.Kind;
import io.csiclone.csi.StorageInventory.Trace;
import io.csiclone.csi.SweepReport;
import io.grpc.Status;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** The driver in figures. Every series exists from the start; none holds the name of an object. */
final class DriverMetrics implements CloneListener {

  /** Clones that the storage made itself, beside the methods of the copy engine. */
  private static final String NATIVE = "native";

  private static final Duration[] BUCKETS = {
    Duration.ofMillis(100),
    Duration.ofSeconds(1),
    Duration.ofSeconds(10),
    Duration.ofMinutes(1),
    Duration.ofMinutes(5),
    Duration.ofMinutes(15),
    Duration.ofHours(1),
    Duration.ofHours(2),
    Duration.ofHours(6),
    Duration.ofHours(24)
  };

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final Map<String, Timer> durations = new HashMap<>();
  private final Map<String, Counter> bytes = new HashMap<>();
  private final Map<Status.Code, Counter> failures = new EnumMap<>(Status.Code.class);
  private final Map<Kind, AtomicInteger> unexplained = new EnumMap<>(Kind.class);
  private final AtomicInteger missing = new AtomicInteger();

  /**
   * @param progress of the clones that are being made, told of them by somebody else
   */
  DriverMetrics(CloneProgress progress) {
    gauge(
        "csi_clone_clones_active",
        "Clones and snapshots being made",
        progress,
        CloneProgress::active);
    gauge(
        "csi_clone_clones_waiting",
        "Of these, waiting for their turn to be copied",
        progress,
        CloneProgress::waiting);
    gauge(
        "csi_clone_copy_bytes_left",
        "Bytes still to be dealt with by the copies that run",
        progress,
        CloneProgress::bytesLeft);
    gauge(
        "csi_clone_copy_bytes_per_second",
        "How fast the copies that run deal with them, together",
        progress,
        CloneProgress::bytesPerSecond);
    for (String method : methods()) {
      durations.put(
          method,
          Timer.builder("csi_clone_duration")
              .description("Time to make a clone or snapshot")
              .tag("method", method)
              .serviceLevelObjectives(BUCKETS)
              .register(registry));
      bytes.put(
          method,
          Counter.builder("csi_clone_copied_bytes")
              .description("Bytes written by copies that have ended well")
              .tag("method", method)
              .register(registry));
    }
    for (Status.Code code : Status.Code.values()) {
      if (code != Status.Code.OK) {
        failures.put(
            code,
            Counter.builder("csi_clone_failures")
                .description("Clones and snapshots that could not be made")
                .tag("code", code.name())
                .register(registry));
      }
    }
    for (Kind kind : Kind.values()) {
      AtomicInteger count = new AtomicInteger();
      unexplained.put(kind, count);
      Gauge.builder("csi_clone_unexplained", count, AtomicInteger::get)
          .description("What the last look at the pool found and no record explains")
          .tag("kind", kind.word())
          .register(registry);
    }
    Gauge.builder("csi_clone_missing_volumes", missing, AtomicInteger::get)
        .description("Volumes on record that the pool does not hold")
        .register(registry);
  }

  /** For the parts that count by themselves. */
  MeterRegistry registry() {
    return registry;
  }

  private void gauge(
      String name,
      String description,
      CloneProgress progress,
      ToDoubleFunction<CloneProgress> figure) {
    Gauge.builder(name, progress, figure).description(description).register(registry);
  }

  private static List<String> methods() {
    List<String> names = new ArrayList<>(List.of(NATIVE));
    for (CopyMethod method : CopyMethod.values()) {
      names.add(name(method));
    }
    return names;
  }

  private static String name(CopyMethod method) {
    return method.name().toLowerCase(Locale.ROOT);
  }

  /** Counts what has ended. */
  @Override
  public void told(CloneEvent event) {
    switch (event) {
      case CloneEvent.Made made -> {
        String method = made.method().map(DriverMetrics::name).orElse(NATIVE);
        of(durations, method).record(made.took());
        of(bytes, method).increment(made.copied());
      }
      case CloneEvent.Failed failed -> of(failures, failed.code()).increment();
      case CloneEvent.Begun _, CloneEvent.Waiting _, CloneEvent.Copying _, CloneEvent.Stopped _ -> {
        // No end, or one that is nobody's fault.
      }
    }
  }

  private static <K, V> V of(Map<K, V> all, K key) {
    @Nullable V value = all.get(key);
    if (value == null) {
      throw new IllegalArgumentException("no series for " + key);
    }
    return value;
  }

  void swept(SweepReport report) {
    unexplained.forEach((kind, count) ->
        count.set(
            (int) report.unexplained().stream().map(Trace::kind).filter(kind::equals).count()));
    missing.set(report.missing().size());
  }

  /** In the text format of Prometheus. */
  String text() {
    return registry.scrape();
  }
}
