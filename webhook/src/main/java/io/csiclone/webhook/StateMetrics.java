package io.csiclone.webhook;

import io.csiclone.facts.ClusterFacts;
import io.csiclone.facts.WatchedCache;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Clock;
import java.time.Duration;
import java.util.function.ToDoubleFunction;

/** What the process lives on: its caches and its certificate, read when they are asked for. */
final class StateMetrics implements MeterBinder {

  private final ClusterFacts facts;
  private final ServingCertificates certificates;
  private final Clock clock;

  StateMetrics(ClusterFacts facts, ServingCertificates certificates, Clock clock) {
    this.facts = facts;
    this.certificates = certificates;
    this.clock = clock;
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    for (WatchedCache cache : facts.caches()) {
      gauge(registry, cache, "synced", "1 once the cache has been filled.", c -> bit(c.synced()));
      gauge(
          registry,
          cache,
          "watching",
          "1 while the API server tells the cache of changes.",
          c -> bit(c.watching()));
      gauge(registry, cache, "objects", "Objects in the cache.", WatchedCache::objects);
      gauge(
          registry,
          cache,
          "age.seconds",
          "How long ago the API server last told the cache a change or a bookmark.",
          c -> seconds(c.age()));
    }
    Gauge.builder(
            "csi_clone.certificate.expiry.seconds",
            () -> seconds(Duration.between(clock.instant(), certificates.servedUntil())))
        .description("How long the certificate that is served is still valid.")
        .register(registry);
    FunctionCounter.builder(
            "csi_clone.certificate.rotations", certificates, ServingCertificates::rotations)
        .description("Certificates that took the place of another since the start.")
        .register(registry);
  }

  private static void gauge(
      MeterRegistry registry,
      WatchedCache cache,
      String name,
      String description,
      ToDoubleFunction<WatchedCache> value) {
    Gauge.builder("csi_clone.cache." + name, cache, value)
        .description(description)
        .tag("cache", cache.name())
        .strongReference(true)
        .register(registry);
  }

  private static double bit(boolean value) {
    return value ? 1 : 0;
  }

  private static double seconds(Duration duration) {
    return duration.toMillis() / 1_000.0;
  }
}
