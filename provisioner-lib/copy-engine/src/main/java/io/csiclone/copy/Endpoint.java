package io.csiclone.copy;

import io.csiclone.copy.internal.linux.AlignedBuffer;
import io.csiclone.copy.internal.linux.SystemCallException;
import java.nio.file.Path;

/**
 * Either end of a copy; the copying knows no kind of file beyond it. What an end cannot do is found
 * out by trying, once per copy. Used by one thread at a time.
 */
interface Endpoint extends AutoCloseable {

  Path path();

  /** Bytes it held when it was opened. */
  long size();

  /** Bytes it holds now. */
  long currentSize() throws SystemCallException;

  /** What lies at {@code offset}, which is below {@link #size()}. */
  Extent extentAt(long offset) throws SystemCallException;

  /**
   * Fills the buffer from {@code from} on, which is a multiple of a page, with {@code length}
   * bytes.
   *
   * @return bytes read, fewer only at the end
   */
  int read(AlignedBuffer buffer, int from, int length, long offset) throws SystemCallException;

  /** Writes {@code length} bytes of the buffer, beginning with the one at {@code from}. */
  void write(AlignedBuffer buffer, int from, int length, long offset) throws SystemCallException;

  /**
   * Makes a range read as zeros, with as little written and occupied as it can.
   *
   * @return how many zero bytes had to be written for it
   */
  long zero(long offset, long length) throws SystemCallException;

  /** The shortest run of zeros in data that is worth a {@link #zero} of its own, in bytes. */
  int zeroGranule();

  /**
   * Shares the first {@code length} bytes of the source, all it has, with this end.
   *
   * @return bytes shared; a rest of less than 64 KiB may be left over; 0 when it cannot be done
   */
  long cloneFrom(Endpoint source, long length) throws SystemCallException;

  /**
   * Lets the kernel copy a range of the source to the same offset here.
   *
   * @return bytes copied, possibly fewer; 0 when it cannot be done
   */
  long copyFrom(Endpoint source, long offset, long length) throws SystemCallException;

  /** Why {@link #cloneFrom} or {@link #copyFrom} last returned 0. */
  String declined();

  /** Bytes that {@link #zero} made zeros so far without writing them. */
  long zeroed();

  /** After {@link #sync}: makes sure that reads are served by the medium, as far as can be. */
  void prepareReadBack();

  /** Returns when everything written is on the medium. */
  void sync() throws SystemCallException;

  /** The range has been read and will not be needed again soon. */
  void doneReading(long offset, long length);

  @Override
  void close();
}
