package io.csiclone.provisioner;

import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.grpc.Status;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a provisioner counts and times. The first group bears the names that dashboards made for
 * external-provisioner know; {@code csi_clone_claim_bound_seconds} is ours: theirs is the time of
 * the last attempt only, and says milliseconds for a clone of two hours.
 */
final class ProvisionerMetrics {

  private static final Duration[] BUCKETS = {
    Duration.ofMillis(100),
    Duration.ofMillis(500),
    Duration.ofSeconds(1),
    Duration.ofSeconds(2),
    Duration.ofSeconds(5),
    Duration.ofSeconds(10),
    Duration.ofSeconds(30),
    Duration.ofMinutes(1),
    Duration.ofMinutes(5),
    Duration.ofMinutes(15),
    Duration.ofMinutes(30),
    Duration.ofHours(1),
    Duration.ofHours(2),
    Duration.ofHours(4),
    Duration.ofHours(8),
    Duration.ofHours(24)
  };

  private final MeterRegistry registry;
  private final String driverName;

  ProvisionerMetrics(MeterRegistry registry, String driverName) {
    this.registry = registry;
    this.driverName = driverName;
  }

  /** A volume was made; {@code took} since this instance first tried. */
  void made(Making making, Duration took) {
    var tags = tags(making);
    registry.counter("controller.persistentvolumeclaim.provision", tags).increment();
    timer("controller.persistentvolumeclaim.provision.duration", tags).record(took);
  }

  /** A volume was not made, for now. */
  void failed(Claim claim) {
    registry.counter("controller.persistentvolumeclaim.provision.failed", tags(claim)).increment();
  }

  /** A volume was deleted; {@code took} is the time of the call that did it. */
  void deleted(String storageClass, Duration took) {
    var tags = Tags.of("class", storageClass);
    registry.counter("controller.persistentvolume.delete", tags).increment();
    timer("controller.persistentvolume.delete.duration", tags).record(took);
  }

  /** A volume was not deleted, for now. */
  void notDeleted(String storageClass) {
    registry
        .counter("controller.persistentvolume.delete.failed", "class", storageClass)
        .increment();
  }

  /** A call to the driver was answered. */
  void called(String method, Status.Code code, Duration took) {
    timer(
            "csi.sidecar.operations",
            Tags.of(
                "driver_name",
                driverName,
                "method_name",
                "/csi.v1." + method,
                "grpc_status_code",
                inGo(code)))
        .record(took);
  }

  /** As the sidecars, which are written in Go, have it in this label: DeadlineExceeded. */
  private static String inGo(Status.Code code) {
    return switch (code) {
      case OK -> "OK";
      case CANCELLED -> "Canceled";
      default ->
          Arrays.stream(code.name().split("_"))
              .map(word -> word.charAt(0) + word.substring(1).toLowerCase(Locale.ROOT))
              .collect(Collectors.joining());
    };
  }

  /** What a work queue of this name counts and times. */
  QueueMetrics queue(String name) {
    return new QueueMetrics(registry, name, BUCKETS);
  }

  /** Shows whether this instance has a Lease, 1 or 0, until the answer is closed. */
  AutoCloseable leader(String lease, Supplier<Number> leads) {
    return show(registry, "leader.election.master.status", Tags.of("name", lease), leads);
  }

  /** So many more events were given up because too many were waiting to be written. */
  void eventsDropped(int more) {
    registry.counter("csi.clone.events.dropped", ofDriver()).increment(more);
  }

  /** A claim of the driver was seen to become bound at {@code now}. */
  void bound(PersistentVolumeClaim object, Instant now) {
    String created = object.getMetadata().getCreationTimestamp();
    if (created == null) {
      return;
    }
    Duration took = Duration.between(OffsetDateTime.parse(created).toInstant(), now);
    // Creation is told in whole seconds and by another clock.
    timer("csi.clone.claim.bound", tags(new Claim(object)))
        .record(took.isNegative() ? Duration.ZERO : took);
  }

  /**
   * Shows how the storage capacity objects are, until the answer is closed.
   *
   * @param goal how many there should be
   * @param current how many of these there are
   * @param obsolete how many others there are
   */
  AutoCloseable capacities(
      Supplier<Number> goal, Supplier<Number> current, Supplier<Number> obsolete) {
    var shown =
        List.of(
            gauge(registry, "csistoragecapacities.desired.goal", ofDriver(), goal),
            gauge(registry, "csistoragecapacities.desired.current", ofDriver(), current),
            gauge(registry, "csistoragecapacities.obsolete", ofDriver(), obsolete));
    return () -> shown.forEach(registry::remove);
  }

  /** Shows whether ReferenceGrants are known, 1 or 0, until the answer is closed. */
  AutoCloseable referenceGrants(Supplier<Number> known) {
    return show(registry, "csi.clone.reference.grants.known", ofDriver(), known);
  }

  /** Closes what was shown, if it was. */
  static void hide(@Nullable AutoCloseable shown) {
    if (shown != null) {
      try {
        shown.close();
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /** Shows {@code value} until the answer is closed. */
  static AutoCloseable show(
      MeterRegistry registry, String name, Tags tags, Supplier<Number> value) {
    Gauge shown = gauge(registry, name, tags, value);
    return () -> registry.remove(shown);
  }

  private static Gauge gauge(
      MeterRegistry registry, String name, Tags tags, Supplier<Number> value) {
    return Gauge.builder(name, value).tags(tags).strongReference(true).register(registry);
  }

  private Tags ofDriver() {
    return Tags.of("driver_name", driverName);
  }

  private Timer timer(String name, Tags tags) {
    return Timer.builder(name).tags(tags).serviceLevelObjectives(BUCKETS).register(registry);
  }

  private static Tags tags(Making making) {
    return tags(making.claim);
  }

  private static Tags tags(Claim claim) {
    String storageClass = claim.storageClassName();
    var source = claim.dataSource();
    return Tags.of(
        "class", storageClass == null ? "" : storageClass,
        "source", source == null ? "" : source.kind());
  }
}
