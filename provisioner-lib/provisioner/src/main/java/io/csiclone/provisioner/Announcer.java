package io.csiclone.provisioner;

import io.csiclone.provisioner.VolumeProgress.Copying;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells how the making of volumes goes: the owners of claims by events and an annotation,
 * dashboards by metrics. A driver at work is no failure, and is not told as one.
 */
final class Announcer {

  private static final Logger LOG = LoggerFactory.getLogger(Announcer.class);

  /** The shortest time between two patches of one claim. */
  private static final Duration ANNOTATION_PAUSE = Duration.ofSeconds(10);

  /** The time from the first event of one claim to the second; it doubles with each. */
  private static final Duration EVENT_PAUSE = Duration.ofSeconds(10);

  private static final Duration LONGEST_EVENT_PAUSE = Duration.ofMinutes(10);

  private final EventRecorder events;
  private final ProvisionerMetrics metrics;
  private final ClaimWriter writer;
  private final VolumeProgress progress;

  /** What was said of volumes in the making, by claim. */
  private final Map<ClaimKey, Said> said = new ConcurrentHashMap<>();

  /** Used by the one thread that has the claim's turn. */
  private static final class Said {
    private long eventDueNanos;
    private Duration eventPause = EVENT_PAUSE;
    private long annotationDueNanos;
    private String annotation = "";
  }

  Announcer(
      EventRecorder events,
      ProvisionerMetrics metrics,
      ClaimWriter writer,
      VolumeProgress progress) {
    this.events = events;
    this.metrics = metrics;
    this.writer = writer;
    this.progress = progress;
  }

  /** The driver is at work; {@code words} are its own. */
  void underWay(Making making, String words) {
    long now = System.nanoTime();
    Said before = said.get(making.claim.key());
    Said memory = said.computeIfAbsent(making.claim.key(), key -> begun(now));
    Copying copying = progress.of(making.volumeName()).orElse(null);
    if (before == null || now - memory.eventDueNanos >= 0) {
      memory.eventDueNanos = now + memory.eventPause.toNanos();
      memory.eventPause = longer(memory.eventPause);
      events.normal(
          making.claim.object(),
          making.source == null ? "Provisioning" : "Cloning",
          copying == null
              ? "the driver is at work (" + words + ")"
              : "copying " + making.origin() + ": " + amount(copying));
    }
    if (copying != null && now - memory.annotationDueNanos >= 0) {
      annotate(making, memory, copying.percent() + "%", now);
    }
  }

  private static Said begun(long now) {
    var memory = new Said();
    memory.annotationDueNanos = now;
    return memory;
  }

  private static Duration longer(Duration pause) {
    Duration twice = pause.multipliedBy(2);
    return twice.compareTo(LONGEST_EVENT_PAUSE) < 0 ? twice : LONGEST_EVENT_PAUSE;
  }

  private void annotate(Making making, Said memory, String percent, long now) {
    memory.annotationDueNanos = now + ANNOTATION_PAUSE.toNanos();
    if (!percent.equals(memory.annotation)) {
      memory.annotation = percent;
      Claim shown = writer.progress(making.claim, percent);
      if (shown != null) {
        making.claim = shown;
      }
    }
  }

  /** Such as: 43 %, 2.1 GiB of 4.9 GiB, about 3 min left. */
  static String amount(Copying copying) {
    String left = copying.left().map(duration -> ", about " + rough(duration) + " left").orElse("");
    return "%d %%, %s of %s%s"
        .formatted(copying.percent(), size(copying.bytesDone()), size(copying.bytesToDo()), left);
  }

  private static String size(long bytes) {
    String[] units = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double amount = bytes;
    int unit = 0;
    while (amount >= 1024 && unit < units.length - 1) {
      amount /= 1024;
      unit++;
    }
    return unit == 0
        ? bytes + " bytes"
        : String.format(Locale.ROOT, "%.1f %s", amount, units[unit]);
  }

  private static String rough(Duration duration) {
    long seconds = Math.max(1, duration.toSeconds());
    if (seconds < 60) {
      return seconds + " s";
    }
    return seconds < 2 * 3600 ? (seconds + 30) / 60 + " min" : (seconds + 1800) / 3600 + " h";
  }

  /** The volume is made and its object written. */
  void made(Making making) {
    said.remove(making.claim.key());
    String words;
    if (making.source != null) {
      words = making.origin() + " is cloned into " + making.volumeName();
    } else if (making.snapshot != null) {
      words = making.origin() + " is restored into " + making.volumeName();
    } else {
      words = "volume " + making.volumeName() + " is made";
    }
    events.normal(making.claim.object(), "ProvisioningSucceeded", words);
    metrics.made(making, Duration.ofNanos(System.nanoTime() - making.begunNanos));
    LOG.info("claim {}: {}", making.claim.key(), words);
  }

  /** It failed, for now. */
  void failed(Making making, String words) {
    said.remove(making.claim.key());
    events.provisioningFailed(making.claim, words);
    metrics.failed(making.claim);
  }

  /** Nobody wants the volume any more. */
  void forget(Making making) {
    said.remove(making.claim.key());
  }
}
