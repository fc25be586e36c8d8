package io.csiclone.driver;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.csiproto.VolumeCapability;
import io.csiclone.csiproto.VolumeCapability.AccessMode;
import io.csiclone.csiproto.VolumeCapability.AccessMode.Mode;
import io.csiclone.csiproto.VolumeCapability.BlockVolume;
import io.csiclone.csiproto.VolumeCapability.MountVolume;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;

/** A volume or snapshot as it has to be, by what was done to it. */
final class ExpectedVolume {

  /** How a volume is used; empty is a raw block volume. */
  record Kind(String fsType, int smallestMib) {
    static final Kind BLOCK = new Kind("", 4);
    static final Kind EXT4 = new Kind("ext4", 16);
    static final Kind XFS = new Kind("xfs", 300);

    boolean block() {
      return fsType.isEmpty();
    }

    VolumeCapability capability() {
      VolumeCapability.Builder capability =
          VolumeCapability.newBuilder()
              .setAccessMode(AccessMode.newBuilder().setMode(Mode.SINGLE_NODE_WRITER));
      return block()
          ? capability.setBlock(BlockVolume.getDefaultInstance()).build()
          : capability.setMount(MountVolume.newBuilder().setFsType(fsType)).build();
    }
  }

  /** Bytes that follow from a seed; none of a volume that was never written to. */
  record Content(long seed, int bytes) {
    static final Content NONE = new Content(0, 0);

    private static final int PIECE = 1 << 20;

    void writeTo(RandomAccessFile out) throws IOException {
      SplittableRandom random = new SplittableRandom(seed);
      byte[] piece = new byte[PIECE];
      for (int left = bytes; left > 0; left -= PIECE) {
        random.nextBytes(piece);
        out.write(piece, 0, Math.min(left, PIECE));
      }
    }

    /** Where the first byte is another one or lacks, or -1. */
    long mismatch(InputStream in) throws IOException {
      SplittableRandom random = new SplittableRandom(seed);
      byte[] piece = new byte[PIECE];
      for (int done = 0; done < bytes; done += PIECE) {
        random.nextBytes(piece);
        int length = Math.min(bytes - done, PIECE);
        int wrong = Arrays.mismatch(in.readNBytes(length), Arrays.copyOf(piece, length));
        if (wrong >= 0) {
          return done + (long) wrong;
        }
      }
      return -1;
    }
  }

  final String name;
  final String id;
  final Kind kind;
  final boolean snapshot;
  long capacity;
  Content content;
  boolean staged;
  boolean published;

  ExpectedVolume(
      String name, String id, Kind kind, boolean snapshot, long capacity, Content content) {
    this.name = name;
    this.id = id;
    this.kind = kind;
    this.snapshot = snapshot;
    this.capacity = capacity;
    this.content = content;
  }

  /** What a published volume must hold. */
  void assertHoldsAt(Path target) throws IOException {
    Path file = kind.block() ? target : target.resolve("data");
    if (!kind.block() && content.bytes() == 0) {
      assertThat(file).doesNotExist();
      return;
    }
    try (InputStream in = Files.newInputStream(file)) {
      assertThat(content.mismatch(in))
          .as("first wrong byte of %s of %d", this, content.bytes())
          .isEqualTo(-1);
    }
    if (kind.block()) {
      try (RandomAccessFile device = new RandomAccessFile(file.toFile(), "r")) {
        assertThat(device.length()).as("length of %s", this).isEqualTo(capacity);
      }
    }
  }

  /** Writes other bytes, on the medium when it returns. */
  void writeAt(Path target, Content next) throws IOException {
    Path file = kind.block() ? target : target.resolve("data");
    try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
      next.writeTo(out);
      if (!kind.block()) {
        out.setLength(next.bytes());
      }
      out.getFD().sync();
    }
    content = next;
  }

  @Override
  public String toString() {
    return "%s %s (%s, %s%s)"
        .formatted(
            snapshot ? "snapshot" : "volume",
            id,
            name,
            kind.block() ? "block" : kind.fsType(),
            published ? ", published" : staged ? ", staged" : "");
  }
}
