package io.csiclone.provisioner;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the owners of claims and volumes what happens, as events. What is said again is counted on
 * the event that exists, and written less and less often. Never in the way of the work itself: a
 * full queue drops events.
 */
final class EventRecorder implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(EventRecorder.class);
  private static final int QUEUED = 1_000;
  private static final int REMEMBERED = 4_096;
  private static final int LONGEST_MESSAGE = 1_024;
  private static final Duration STOP_WITHIN = Duration.ofSeconds(2);

  private final KubernetesClient client;
  private final String component;
  private final String instance;
  private final BlockingQueue<Event> queue = new ArrayBlockingQueue<>(QUEUED);
  private final Thread writer;
  private volatile boolean stopping;

  /** How often each event was said, by its name; only the latest are kept. */
  private final Map<String, Integer> said =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Integer> eldest) {
          return size() > REMEMBERED;
        }
      };

  EventRecorder(KubernetesClient client, String driverName, String instance) {
    this.client = client;
    this.component = driverName;
    this.instance = instance;
    this.writer = Thread.ofVirtual().name("csi-clone-events").start(this::write);
  }

  void normal(HasMetadata about, String reason, String message) {
    record("Normal", about, reason, message);
  }

  void warning(HasMetadata about, String reason, String message) {
    record("Warning", about, reason, message);
  }

  /** Tells the owner of {@code claim} why it has no volume, and the log. */
  void provisioningFailed(Claim claim, String words) {
    warning(claim.object(), "ProvisioningFailed", words);
    LOG.info("claim {}: {}", claim.key(), words);
  }

  private void record(String type, HasMetadata about, String reason, String message) {
    String text =
        message.length() <= LONGEST_MESSAGE
            ? message
            : message.substring(0, LONGEST_MESSAGE - 1) + "…";
    String name = name(about, reason, text);
    int count;
    synchronized (said) {
      count = said.merge(name, 1, Integer::sum);
    }
    // Written at the 1st, 2nd, 4th, 8th… time.
    if (Integer.bitCount(count) != 1 || stopping) {
      return;
    }
    if (!queue.offer(event(type, about, reason, text, name, count))) {
      LOG.warn("event dropped, too many are waiting: {} {}: {}", reason, name, text);
    }
  }

  private Event event(
      String type, HasMetadata about, String reason, String message, String name, int count) {
    String namespace = Objects.requireNonNullElse(about.getMetadata().getNamespace(), "default");
    String now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    return new EventBuilder()
        .withNewMetadata()
        .withName(name)
        .withNamespace(namespace)
        .endMetadata()
        .withNewInvolvedObject()
        .withApiVersion(about.getApiVersion())
        .withKind(about.getKind())
        .withNamespace(about.getMetadata().getNamespace())
        .withName(about.getMetadata().getName())
        .withUid(about.getMetadata().getUid())
        .withResourceVersion(about.getMetadata().getResourceVersion())
        .endInvolvedObject()
        .withType(type)
        .withReason(reason)
        .withMessage(message)
        .withCount(count)
        .withFirstTimestamp(now)
        .withLastTimestamp(now)
        .withNewSource()
        .withComponent(component)
        .withHost(instance.isEmpty() ? null : instance)
        .endSource()
        .withReportingComponent(component)
        .withReportingInstance(instance)
        .build();
  }

  /** The same for the same words, so that instances and restarts meet in one event. */
  private static String name(HasMetadata about, String reason, String message) {
    String object = about.getMetadata().getName();
    int hash = Objects.hash(about.getMetadata().getUid(), reason, message);
    return object.substring(0, Math.min(object.length(), 200))
        + "."
        + HexFormat.of().toHexDigits(hash);
  }

  private void write() {
    try {
      while (!stopping || !queue.isEmpty()) {
        Event event = queue.poll(100, TimeUnit.MILLISECONDS);
        if (event != null) {
          put(event);
        }
      }
    } catch (InterruptedException stop) {
      LOG.debug("events: stopped");
    }
  }

  private void put(Event event) {
    try {
      if (Objects.requireNonNullElse(event.getCount(), 1) > 1 || !create(event)) {
        count(event);
      }
    } catch (KubernetesClientException e) {
      // An event is a courtesy: what it tells is in the log as well.
      LOG.debug("event not written: {}: {}", event.getMessage(), e.toString());
    }
  }

  private boolean create(Event event) {
    try {
      client.v1().events().resource(event).create();
      return true;
    } catch (KubernetesClientException e) {
      if (e.getCode() == 409) {
        return false;
      }
      throw e;
    }
  }

  private void count(Event event) {
    Map<String, Object> patch = new LinkedHashMap<>();
    patch.put("count", event.getCount());
    patch.put("lastTimestamp", event.getLastTimestamp());
    try {
      client
          .v1()
          .events()
          .inNamespace(event.getMetadata().getNamespace())
          .withName(event.getMetadata().getName())
          .patch(
              PatchContext.of(PatchType.JSON_MERGE),
              client.getKubernetesSerialization().asJson(patch));
    } catch (KubernetesClientException e) {
      if (e.getCode() != 404) {
        throw e;
      }
      // Events expire; this one is said anew.
      create(event);
    }
  }

  @Override
  public void close() {
    stopping = true;
    try {
      if (!writer.join(STOP_WITHIN)) {
        writer.interrupt();
        writer.join(STOP_WITHIN);
      }
    } catch (InterruptedException e) {
      writer.interrupt();
      Thread.currentThread().interrupt();
    }
  }
}
