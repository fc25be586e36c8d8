package io.csiclone.copy.internal.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The memory of some buffers in one piece, in huge pages if the kernel gives them. A device takes a
 * request in a limited number of pieces that lie together in memory, often some 250: a buffer of 1
 * MiB in pages of 4 KiB goes to it as two requests, one of them tiny, and in a huge page as one.
 */
public final class BufferSlab implements AutoCloseable {

  private static final int PROT_READ_WRITE = 3;
  private static final int MAP_PRIVATE_ANONYMOUS = 0x22;
  private static final int MADV_HUGEPAGE = 14;

  /** Of x86-64, and of arm64 with pages of 4 KiB; where it is another size this is no harm. */
  private static final long HUGE_PAGE = 2 << 20;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory;
  private final int size;

  /**
   * Memory for {@code count} buffers of {@code size} bytes.
   *
   * @param size a multiple of a page
   * @throws OutOfMemoryError when there is none
   */
  public BufferSlab(int count, int size) {
    this.size = size;
    long bytes = Math.ceilDiv((long) count * size, HUGE_PAGE) * HUGE_PAGE;
    // One more than needed, so that there is a place in it to begin at.
    long mapped = bytes + HUGE_PAGE;
    MemorySegment start = Libc.mmap(mapped, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS);
    if (start.address() == -1) {
      throw new OutOfMemoryError("mmap of " + mapped + " bytes for buffers failed");
    }
    MemorySegment all = start.reinterpret(mapped, arena, BufferSlab::unmap);
    long aligned = Math.ceilDiv(start.address(), HUGE_PAGE) * HUGE_PAGE;
    memory = all.asSlice(aligned - start.address(), bytes);
    // Before the first touch, which is when the pages are chosen. Advice: small ones do as well.
    int ignored = Libc.madvise(memory, bytes, MADV_HUGEPAGE);
  }

  private static void unmap(MemorySegment all) {
    int ignored = Libc.munmap(all, all.byteSize());
  }

  /** The buffer of this number, from 0 on; the same memory each time. */
  public AlignedBuffer buffer(int number) {
    return new AlignedBuffer(memory.asSlice((long) number * size, size));
  }

  /** Frees the memory of all buffers; must not run beside a call that uses one. */
  @Override
  public void close() {
    arena.close();
  }
}
