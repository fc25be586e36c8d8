package io.csiclone.copy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which granules are handed out, however the lanes take turns. */
class GranulesTest {

  private static final int BLOCK = BlockDigest.BLOCK;
  private static final long BYTES = 512;
  private static final long TOTAL = 12;

  /** An earlier copy did the first two, and some more with gaps between them. */
  private static Granules goingOn() {
    Set<Long> beyond = Set.of(3L, 5L, 6L, 9L, 11L);
    return new Granules(BYTES, TOTAL * BYTES, 2, new TreeSet<>(beyond), new BlockDigest());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void whatAnEarlierCopyDidIsNeverHandedOutAgain(int lanes) {
    Granules granules = goingOn();
    List<Long> claimed = new ArrayList<>();
    List<Long> inHand = new ArrayList<>();
    while (true) {
      OptionalLong granule = granules.claim();
      granule.ifPresent(claimed::add);
      granule.ifPresent(inHand::add);
      if (inHand.isEmpty()) {
        break;
      }
      if (inHand.size() == lanes || granule.isEmpty()) {
        granules.finish(inHand.removeFirst(), new BlockDigest());
      }
    }
    assertThat(claimed).containsExactly(2L, 4L, 7L, 8L, 10L);
    assertThat(granules.done().below()).isEqualTo(TOTAL);
    assertThat(granules.done().beyond()).isEmpty();
  }

  /** Lanes claim and finish, entries are written, and now and then all but the entry is lost. */
  @Test
  void everyGranuleCountsOnceHoweverOftenTheCopyIsCutOff() throws Exception {
    for (int seed = 0; seed < 3_000; seed++) {
      Random random = new Random(seed);
      long end = (1 + random.nextInt(40)) * BLOCK - random.nextInt(BLOCK);
      int lanes = 1 + random.nextInt(6);
      Granules granules = Granules.none(BLOCK, end);
      String journal = entry(granules.done(), end).text();
      List<Long> inHand = new ArrayList<>();
      Set<Long> done = new HashSet<>();
      Set<Long> journaled = Set.of();
      boolean claimed = true;
      while (claimed || !inHand.isEmpty()) {
        int event = random.nextInt(24);
        if (event == 0) {
          JournalEntry left = JournalEntry.parse(journal);
          granules =
              new Granules(
                  left.granuleBytes(),
                  end,
                  left.below(),
                  left.beyond(),
                  left.digest().orElseThrow());
          inHand.clear();
          done = new HashSet<>(journaled);
          claimed = true;
        } else if (event < 4) {
          journal = entry(granules.done(), end).text();
          journaled = Set.copyOf(done);
        } else if (inHand.size() < lanes && random.nextBoolean()) {
          OptionalLong granule = granules.claim();
          claimed = granule.isPresent();
          granule.ifPresent(inHand::add);
        } else if (!inHand.isEmpty()) {
          long finished = inHand.remove(random.nextInt(inHand.size()));
          assertThat(done.add(finished)).as("seed %d, granule %d", seed, finished).isTrue();
          granules.finish(finished, digestOf(finished));
        }
      }
      BlockDigest expected = new BlockDigest();
      for (long granule = 0; granule * BLOCK < end; granule++) {
        expected.add(digestOf(granule));
      }
      assertThat(granules.done().digest().of(end)).as("seed " + seed).isEqualTo(expected.of(end));
      assertThat(granules.doneBytes(end)).as("seed " + seed).isEqualTo(end);
    }
  }

  private static BlockDigest digestOf(long granule) {
    Random random = new Random(granule);
    return new BlockDigest(random.nextLong(), random.nextLong());
  }

  private static JournalEntry entry(Granules.Done done, long end) {
    return new JournalEntry(
        "file 1",
        "version",
        end,
        "file 2",
        end,
        BLOCK,
        done.below(),
        done.beyond(),
        Optional.of(done.digest()),
        0);
  }

  @Test
  void granulesDoneOutOfOrderAreCountedOnce() {
    Granules granules = goingOn();

    assertThat(granules.doneBytes(TOTAL * BYTES)).isEqualTo(7 * BYTES);
    granules.finish(2, new BlockDigest());
    assertThat(granules.done().below()).isEqualTo(4);
    assertThat(granules.doneBytes(TOTAL * BYTES)).isEqualTo(8 * BYTES);
  }
}
