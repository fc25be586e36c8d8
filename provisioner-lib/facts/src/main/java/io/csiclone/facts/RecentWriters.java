package io.csiclone.facts;

import java.time.Duration;
import io.csiclone.facts.FactsUnavailableException.Reason;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Pods that may write to a claim, as of a moment ago. The pods of a namespace are listed at most
 * once in that time, however many of its claims are cloned: a list of pods is the dearest question
 * there is.
 */
final class RecentWriters {

  /** How old an answer may be. */
  static final Duration FRESH = Duration.ofSeconds(1);

  private static final int MOST_NAMESPACES = 100;

  private record Listed(long at, Map<String, List<String>> byClaim) {
    boolean isFresh() {
      return System.nanoTime() - at < FRESH.toNanos();
    }
  }

  /** Who asks while another is listing waits for that answer. */
  private static final class Place {
    final ReentrantLock listing = new ReentrantLock();
    volatile @Nullable Listed last;
  }

  private final Map<String, Place> places = new ConcurrentHashMap<>();

  /**
   * @throws FactsUnavailableException when the cluster does not answer within what is left of the
   *     patience of {@code live}
   */
  List<String> of(String namespace, String claim, LiveLookup live) {
    var place = places.computeIfAbsent(namespace, _ -> new Place());
    var last = place.last;
    if (last == null || !last.isFresh()) {
      last = listed(namespace, place, live);
      forgetOld();
    }
    return last.byClaim().getOrDefault(claim, List.of());
  }

  private static Listed listed(String namespace, Place place, LiveLookup live) {
    lock(namespace, place, live);
    try {
      var last = place.last;
      if (last == null || !last.isFresh()) {
        last = new Listed(System.nanoTime(), live.writers(namespace));
        place.last = last;
      }
      return last;
    } finally {
      place.listing.unlock();
    }
  }

  private static void lock(String namespace, Place place, LiveLookup live) {
    try {
      if (!place.listing.tryLock(live.left().toNanos(), TimeUnit.NANOSECONDS)) {
        throw new FactsUnavailableException(
            Reason.API_SERVER_SLOW, "the pods of namespace " + namespace + " were not told in time", null);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new FactsUnavailableException(
          Reason.SHUTTING_DOWN, "interrupted while waiting for pods", e);
    }
  }

  private void forgetOld() {
    if (places.size() > MOST_NAMESPACES) {
      places
          .values()
          .removeIf(place -> {
            var last = place.last;
            return last != null && !last.isFresh();
          });
    }
  }
}
