package io.csiclone.csi;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The volumes that are being made right now, and the sources that must stay for them. */
final class RunningPopulations implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(RunningPopulations.class);
  private static final Duration STOP = Duration.ofSeconds(5);

  private final Means means;
  private final ConcurrentHashMap<String, Population> running = new ConcurrentHashMap<>();

  /** Source id, of a volume or snapshot, to what is being made of it. */
  private final ConcurrentHashMap<String, Set<String>> held = new ConcurrentHashMap<>();

  private volatile boolean closed;

  RunningPopulations(Means means) {
    this.means = means;
  }

  /**
   * Begins to make the volume of a record in state populating.
   *
   * @param resumed whether an earlier attempt may have left half a volume
   */
  Population launch(VolumeRecord record, boolean resumed) {
    Population population = new Population(record, resumed, means, this::ended);
    ContentSource source = record.request().source();
    if (source != null) {
      held.compute(
          source.id(),
          (id, clones) -> {
            Set<String> all = clones == null ? ConcurrentHashMap.newKeySet() : clones;
            all.add(record.volumeId());
            return all;
          });
    }
    running.put(record.volumeId(), population);
    population.start();
    if (closed) {
      population.abandon();
    }
    return population;
  }

  /**
   * The population of that volume, or null. Ask before reading the record: a population writes its
   * last record before it stops being listed.
   */
  @Nullable Population of(String volumeId) {
    return running.get(volumeId);
  }

  /** What is being made of that volume or snapshot. */
  Set<String> clonesOf(String sourceId) {
    return Set.copyOf(held.getOrDefault(sourceId, Set.of()));
  }

  private void ended(Population population) {
    String volumeId = population.record().volumeId();
    ContentSource source = population.record().request().source();
    if (source != null) {
      held.computeIfPresent(
          source.id(),
          (id, clones) -> {
            clones.remove(volumeId);
            return clones.isEmpty() ? null : clones;
          });
    }
    running.remove(volumeId, population);
  }

  /** Stops all work, and calls that wait for it answer at once. Records stay as they are. */
  @Override
  public void close() {
    closed = true;
    List<Population> stopping = new ArrayList<>(running.values());
    stopping.forEach(Population::abandon);
    Patience patience = Patience.of(STOP);
    for (Population population : stopping) {
      if (!population.awaitEnd(patience)) {
        log.warn(
            "Volume {} is still being made although told to stop", population.record().volumeId());
      }
    }
  }
}
