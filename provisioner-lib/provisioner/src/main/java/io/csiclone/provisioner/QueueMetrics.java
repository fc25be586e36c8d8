package io.csiclone.provisioner;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.function.Supplier;

/** What a work queue tells of itself, under the names that Kubernetes' own queues use. */
final class QueueMetrics {

  private final MeterRegistry registry;
  private final String queue;
  private final Counter adds;
  private final Counter retries;
  private final Timer waited;
  private final Timer worked;

  QueueMetrics(MeterRegistry registry, String queue, Duration[] buckets) {
    this.registry = registry;
    this.queue = queue;
    adds = registry.counter("workqueue.adds", "name", queue);
    retries = registry.counter("workqueue.retries", "name", queue);
    waited = timer("workqueue.queue.duration", buckets);
    worked = timer("workqueue.work.duration", buckets);
  }

  private Timer timer(String name, Duration[] buckets) {
    return Timer.builder(name)
        .tag("name", queue)
        .serviceLevelObjectives(buckets)
        .register(registry);
  }

  /** A key was given a turn. */
  void added() {
    adds.increment();
  }

  /** A key is to have another turn later. */
  void retried() {
    retries.increment();
  }

  /** A key's turn has come, so long after it was due. */
  void begun(Duration after) {
    waited.record(after);
  }

  /** A key's turn is over. */
  void ended(Duration took) {
    worked.record(took);
  }

  /** Shows how many keys are due and wait for their turn, until the answer is closed. */
  AutoCloseable depth(Supplier<Number> due) {
    return ProvisionerMetrics.show(registry, "workqueue.depth", Tags.of("name", queue), due);
  }
}
