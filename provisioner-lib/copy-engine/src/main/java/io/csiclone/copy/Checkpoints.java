package io.csiclone.copy;

import io.csiclone.copy.internal.linux.SystemCallException;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Keeps a copy's journal: reads what an earlier copy left, and writes down what is on the medium.
 * Shared by the threads of one copy.
 */
final class Checkpoints {

  private final CopyJournal journal;
  private final JournalFile file;
  private final Volume volume;
  private final Granules granules;
  private final long earlierCloned;
  private final Optional<String> startedOver;
  private long journaled;

  private Checkpoints(
      CopyJournal journal,
      JournalFile file,
      Volume volume,
      Granules granules,
      long earlierCloned,
      Optional<String> startedOver) {
    this.journal = journal;
    this.file = file;
    this.volume = volume;
    this.granules = granules;
    this.earlierCloned = earlierCloned;
    this.startedOver = startedOver;
  }

  /**
   * Goes on from the journal, or begins a new one. The target is marked incomplete on return.
   *
   * @param granuleBytes for a new one
   * @throws CopyException with {@link CopyFailure#SOURCE_NOT_THE_SAME} when it is not to be gone on
   */
  static Checkpoints open(CopyJournal journal, Volume volume, long granuleBytes) {
    JournalFile file =
        new JournalFile(journal.path(), volume.source().path(), volume.target().path());
    Optional<String> text = file.read();
    Optional<String> startedOver = Optional.empty();
    if (text.isPresent()) {
      try {
        JournalEntry entry = JournalEntry.parse(text.get());
        requireGoingOn(entry, volume);
        requireSameSource(entry, journal, volume);
        Granules granules =
            new Granules(
                entry.granuleBytes(),
                volume.target().size(),
                entry.below(),
                entry.beyond(),
                entry.digest().orElseGet(BlockDigest::new));
        return new Checkpoints(journal, file, volume, granules, entry.cloned(), Optional.empty());
      } catch (JournalEntry.Unusable e) {
        startedOver = Optional.of(String.valueOf(e.getMessage()));
      }
    }
    Checkpoints begun =
        new Checkpoints(
            journal,
            file,
            volume,
            Granules.none(granuleBytes, volume.target().size()),
            0,
            startedOver);
    begun.write(begun.granules.done());
    return begun;
  }

  private static void requireGoingOn(JournalEntry entry, Volume volume)
      throws JournalEntry.Unusable {
    Endpoint target = volume.target();
    if (!entry.target().equals(target.identity())) {
      throw new JournalEntry.Unusable("it is of another target, " + entry.target());
    }
    if (entry.targetBytes() != target.size()) {
      throw new JournalEntry.Unusable(
          "the target had %d bytes and has %d".formatted(entry.targetBytes(), target.size()));
    }
    if (volume.digesting() && entry.digest().isEmpty()) {
      throw new JournalEntry.Unusable("it was kept without a digest, and one is asked for");
    }
  }

  private static void requireSameSource(JournalEntry entry, CopyJournal journal, Volume volume) {
    Endpoint source = volume.source();
    String what = "";
    if (!entry.source().equals(source.identity())) {
      what = "it was " + entry.source() + " and is " + source.identity();
    } else if (entry.sourceBytes() != source.size()) {
      what = "it had %d bytes and has %d".formatted(entry.sourceBytes(), source.size());
    } else if (!entry.sourceVersion().equals(version(journal, source))) {
      what =
          "its version was '%s' and is '%s'"
              .formatted(entry.sourceVersion(), version(journal, source));
    }
    if (!what.isEmpty()) {
      throw Failures.sourceNotTheSame(source.path(), journal, what);
    }
  }

  private static String version(CopyJournal journal, Endpoint source) {
    return journal.sourceVersion().isEmpty() ? source.version() : journal.sourceVersion();
  }

  Granules granules() {
    return granules;
  }

  /** Why the journal that was found did not help. */
  Optional<String> startedOver() {
    return startedOver;
  }

  /** Whether an earlier copy shared extents, whose bytes are in no digest. */
  boolean clonedBefore() {
    return earlierCloned > 0;
  }

  /** Returns when every granule done by now is on the medium and the journal says so. */
  synchronized void write(long stamp) throws SystemCallException {
    if (journaled >= stamp) {
      return; // By another thread, while this one waited.
    }
    Granules.Done done = granules.done();
    volume.target().dataSync();
    write(done);
    journaled = done.stamp();
  }

  /** The journal says that nothing is done: the target is not to be trusted. */
  synchronized void startOver() {
    write(Granules.none(granules.bytes(), volume.target().size()).done());
  }

  private void write(Granules.Done done) {
    JournalEntry entry =
        new JournalEntry(
            volume.source().identity(),
            version(journal, volume.source()),
            volume.size(),
            volume.target().identity(),
            volume.target().size(),
            granules.bytes(),
            done.below(),
            new TreeSet<>(done.beyond()),
            volume.digesting() ? Optional.of(done.digest()) : Optional.empty(),
            earlierCloned + volume.tally().cloned());
    file.write(entry.text());
  }

  /** The copy is done. */
  void remove() {
    file.delete();
  }
}
