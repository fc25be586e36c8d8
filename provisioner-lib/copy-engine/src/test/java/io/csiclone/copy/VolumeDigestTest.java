package io.csiclone.copy;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a volume's digest tells apart, and what it does not. */
class VolumeDigestTest {

  @TempDir private Path folder = Path.of("");

  private VolumeDigest digest(byte[] content) throws Exception {
    return VolumeDigest.of(Files.write(folder.resolve("volume"), content));
  }

  @Test
  void aFlippedBitOrMovedBlockOrOtherLengthChangesIt() throws Exception {
    byte[] content = new byte[300_000];
    new Random(1).nextBytes(content);
    Set<VolumeDigest> seen = new HashSet<>();
    seen.add(digest(content));
    for (int offset : new int[] {0, 65_535, 65_536, 200_000, 299_999}) {
      byte[] flipped = content.clone();
      flipped[offset] ^= 1;
      seen.add(digest(flipped));
    }
    byte[] swapped = content.clone();
    System.arraycopy(content, 0, swapped, 65_536, 65_536);
    System.arraycopy(content, 65_536, swapped, 0, 65_536);
    seen.add(digest(swapped));
    byte[] longer = new byte[300_001];
    System.arraycopy(content, 0, longer, 0, 300_000);
    seen.add(digest(longer));
    assertThat(seen).hasSize(8);
  }

  @Test
  void volumesOfZerosDifferByLengthOnly() throws Exception {
    VolumeDigest written = digest(new byte[1 << 20]);
    Path hole = VolumeFiles.blank(folder.resolve("hole"), 1 << 20);
    assertThat(VolumeDigest.of(hole)).isEqualTo(written);
    assertThat(digest(new byte[(1 << 20) + 1])).isNotEqualTo(written);
    assertThat(digest(new byte[0])).isNotEqualTo(written);
  }

  @Test
  void itStaysTheSameFromVersionToVersion() throws Exception {
    byte[] content = new byte[200_000];
    for (int i = 0; i < content.length; i++) {
      content[i] = (byte) (i * 31 >> 3);
    }
    assertThat(digest(content)).hasToString("xxh3-128-64k:c8f64a52ddc017e8e605a5bd550b741c");
  }
}
