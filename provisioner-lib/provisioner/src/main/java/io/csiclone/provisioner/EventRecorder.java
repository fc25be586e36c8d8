package io.csiclone.provisioner;

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
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the owners of claims and volumes what happens, as events. What is said again is counted on
 * the event that exists, and written less and less often; who says the same in ever other words has
 * one event for the latest of them. Never in the way of the work itself: events wait for being
 * written, and if they come too fast some are dropped and counted.
 */
final class EventRecorder implements AutoCloseable {

  /** So many may wait: two each of the claims of a storm of thousands. */
  static final int WAITING = 10_000;

  private static final Logger LOG = LoggerFactory.getLogger(EventRecorder.class);
  private static final int REMEMBERED = 16_384;

  /** In so many different words may be spoken of a subject before its events are made one. */
  private static final int WORDINGS = 10;

  private static final int LONGEST_MESSAGE = 1_024;
  private static final Duration STOP_WITHIN = Duration.ofSeconds(2);
  private static final Duration LOOK_UP = Duration.ofMillis(100);

  private final KubernetesClient client;
  private final String component;
  private final String instance;
  private final ProvisionerMetrics metrics;
  private final WaitingEvents waiting;
  private final Thread writer;
  private final AtomicBoolean toldOfDropping = new AtomicBoolean();
  private volatile boolean stopping;

  /** How often each event was said, by its name. Both are guarded by this one. */
  private final Map<String, Integer> said = remembered();

  /** In how many words was spoken of each subject. */
  private final Map<PendingEvent.Subject, Integer> wordings = remembered();

  EventRecorder(
      KubernetesClient client, String driverName, String instance, ProvisionerMetrics metrics) {
    this(client, driverName, instance, metrics, WAITING);
  }

  /**
   * Begins to write events.
   *
   * @param most how many may wait
   */
  EventRecorder(
      KubernetesClient client,
      String driverName,
      String instance,
      ProvisionerMetrics metrics,
      int most) {
    this.client = client;
    this.component = driverName;
    this.instance = instance;
    this.metrics = metrics;
    this.waiting = new WaitingEvents(most);
    metrics.eventsDropped(0);
    this.writer = Thread.ofVirtual().name("csi-clone-events").start(this::write);
  }

  /** Of what was used last. */
  private static <K> Map<K, Integer> remembered() {
    return new LinkedHashMap<>(16, 0.75f, true) {
      @Override
      protected boolean removeEldestEntry(Map.Entry<K, Integer> eldest) {
        return size() > REMEMBERED;
      }
    };
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
    var subject = new PendingEvent.Subject(String.valueOf(about.getMetadata().getUid()), reason);
    String name = name(about, reason, text);
    int count;
    boolean due;
    synchronized (said) {
      boolean manyWords =
          !said.containsKey(name) && wordings.merge(subject, 1, Integer::sum) > WORDINGS;
      if (manyWords) {
        name = name(about, reason, "");
      }
      count = said.merge(name, 1, Integer::sum);
      // The same words are written at the 1st, 2nd, 4th, 8th… time.
      due = manyWords || Integer.bitCount(count) == 1;
    }
    if (!due || stopping) {
      return;
    }
    Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    var event =
        new PendingEvent(PendingEvent.reference(about), type, reason, text, name, count, now);
    if (!waiting.add(event)) {
      metrics.eventsDropped(1);
      if (toldOfDropping.compareAndSet(false, true)) {
        LOG.warn(
            "events come about faster than the API server takes them; some are dropped, from now on"
                + " counted by csi_clone_events_dropped_total alone");
      }
    }
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
      while (!stopping || !waiting.isEmpty()) {
        PendingEvent event = waiting.take(LOOK_UP);
        if (event != null) {
          put(event);
        }
      }
    } catch (InterruptedException stop) {
      LOG.debug("events: stopped");
    }
  }

  private void put(PendingEvent event) {
    try {
      if (event.count() > 1 || !create(event)) {
        count(event);
      }
    } catch (KubernetesClientException e) {
      // An event is a courtesy: what it tells is in the log as well.
      LOG.debug("event not written: {}: {}", event.message(), e.toString());
    }
  }

  private boolean create(PendingEvent event) {
    try {
      client.v1().events().resource(event.object(component, instance)).create();
      return true;
    } catch (KubernetesClientException e) {
      if (e.getCode() == 409) {
        return false;
      }
      throw e;
    }
  }

  private void count(PendingEvent event) {
    Map<String, Object> patch = new LinkedHashMap<>();
    patch.put("count", event.count());
    patch.put("lastTimestamp", event.at().toString());
    patch.put("message", event.message());
    try {
      client
          .v1()
          .events()
          .inNamespace(event.namespace())
          .withName(event.name())
          .patch(
              PatchContext.of(PatchType.JSON_MERGE),
              client.getKubernetesSerialization().asJson(patch));
    } catch (KubernetesClientException e) {
      if (e.getCode() != 404) {
        throw e;
      }
      // Events expire, and of several that wait the last is written; this one is said anew.
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
