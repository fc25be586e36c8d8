package io.csiclone.copy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which granules are handed out, however the lanes take turns. */
class GranulesTest {

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

  @Test
  void granulesDoneOutOfOrderAreCountedOnce() {
    Granules granules = goingOn();

    assertThat(granules.doneBytes(TOTAL * BYTES)).isEqualTo(7 * BYTES);
    granules.finish(2, new BlockDigest());
    assertThat(granules.done().below()).isEqualTo(4);
    assertThat(granules.doneBytes(TOTAL * BYTES)).isEqualTo(8 * BYTES);
  }
}
