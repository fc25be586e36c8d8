package io.csiclone.copy.internal.linux;

import com.dynatrace.hash4j.hashing.HashValue128;
import com.dynatrace.hash4j.hashing.Hasher128;
import com.dynatrace.hash4j.hashing.Hashing;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Memory outside the heap for reads and writes, aligned to a page; part of a {@link BufferSlab}.
 * Used by one thread at a time.
 */
public final class AlignedBuffer {

  static final int PAGE = 4096;

  /** What runs are compared with, vectorised by the JDK, and what is written for zeros. */
  static final MemorySegment ZEROS = Arena.global().allocate(64 * 1024, PAGE).asReadOnly();

  private static final Hasher128 XXH3 = Hashing.xxh3_128();

  private final MemorySegment memory;
  private final byte[] block = new byte[64 * 1024];

  AlignedBuffer(MemorySegment memory) {
    this.memory = memory;
  }

  public int size() {
    return Math.toIntExact(memory.byteSize());
  }

  /** Whether every byte from {@code from} up to {@code to} is zero. */
  public boolean isZero(int from, int to) {
    int step = (int) ZEROS.byteSize();
    for (int at = from; at < to; at += step) {
      int end = Math.min(to, at + step);
      if (MemorySegment.mismatch(memory, at, end, ZEROS, 0, end - at) >= 0) {
        return false;
      }
    }
    return true;
  }

  /** The XXH3-128 of {@code length} bytes, 64 KiB at most. */
  public HashValue128 xxh3(int from, int length) {
    // By way of the heap: as fast as off-heap access when it is compiled for speed, and eight times
    // as fast when it is not (yet), see docs/decisions/0060.
    MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, from, block, 0, length);
    return XXH3.hashBytesTo128Bits(block, 0, length);
  }

  /**
   * Compares the first {@code length} bytes with as many from {@code other} on.
   *
   * @return the place of the first that differs, -1 for none
   */
  public int mismatch(int other, int length) {
    return (int) MemorySegment.mismatch(memory, 0, length, memory, other, (long) other + length);
  }

  /** Overwrites the first {@code length} bytes with zeros. */
  public void clear(int length) {
    memory.asSlice(0, length).fill((byte) 0);
  }

  MemorySegment slice(int from, int length) {
    return memory.asSlice(from, length);
  }
}
