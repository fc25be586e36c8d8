package io.csiclone.copy;

import io.csiclone.copy.internal.linux.AlignedBuffer;
import io.csiclone.copy.internal.linux.Descriptor;
import io.csiclone.copy.internal.linux.SystemCallException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Either end of a copy; the copying knows no kind of file beyond it. What an end cannot do is found
 * out by trying, once per copy. Safe for use by several threads at a time on separate ranges;
 * {@link #close} comes after all other calls.
 */
interface Endpoint extends AutoCloseable {

  Path path();

  /** Bytes it held when it was opened. */
  long size();

  /** Bytes it holds now. */
  long currentSize() throws SystemCallException;

  /** Which medium this is, on one line, the same after a restart of process and machine. */
  String identity();

  /** What state its bytes are in, as far as times tell; empty for a block device. */
  String version();

  /** What lies at {@code offset}, which is below {@link #size()}. Only for what does not change. */
  Extent extentAt(long offset) throws SystemCallException;

  /**
   * Fills the buffer from {@code from} on, which is a multiple of a page, with {@code length}
   * bytes.
   *
   * @return bytes read, fewer only at the end
   */
  int read(AlignedBuffer buffer, int from, int length, long offset) throws SystemCallException;

  /**
   * Writes {@code length} bytes of the buffer, beginning with the one at {@code from}.
   *
   * @return how many of them are in the page cache and have to be written back
   */
  long write(AlignedBuffer buffer, int from, int length, long offset) throws SystemCallException;

  /**
   * Makes a range read as zeros, with as little written and occupied as it can.
   *
   * @return how many zero bytes had to be written for it
   */
  long zero(long offset, long length) throws SystemCallException;

  /**
   * Takes space for a range that is about to be written, so that writes to it need not wait for one
   * another; only a hint. What is not written after all has to be made {@link #zeroReserved}.
   *
   * @return whether it is worth while to go on with it
   */
  boolean reserve(long offset, long length) throws SystemCallException;

  /** As {@link #zero} of a range that was reserved: it gives the space back. */
  long zeroReserved(long offset, long length) throws SystemCallException;

  /** The shortest run of zeros in data that is worth a {@link #zero} of its own, in bytes. */
  int zeroGranule();

  /** Whether most of it is in the page cache, as far as that can be told. */
  boolean isCached();

  /** Whether all of it is best read past the page cache, though the kernel could copy it. */
  boolean betterPastCache();

  /** The descriptor to hand to {@link #cloneFrom} and its like; empty when this is no file. */
  Optional<Descriptor> file();

  /** Shares all bytes of the source, {@code length} of them, with this end; false: cannot be. */
  boolean cloneFrom(Endpoint source, long length) throws SystemCallException;

  /** Shares a range whose ends are multiples of 64 KiB; false: cannot be. */
  boolean cloneRangeFrom(Endpoint source, long offset, long length) throws SystemCallException;

  /**
   * Lets the kernel copy a range of the source to the same offset here.
   *
   * @return bytes copied, possibly fewer; 0 when it cannot be done
   */
  long copyFrom(Endpoint source, long offset, long length) throws SystemCallException;

  /** Why a method could not be used here. */
  String declined(CopyMethod method);

  /** Bytes that {@link #zero} made zeros so far without writing them. */
  long zeroed();

  /** Asks for what was written in a range to be brought to the medium, without waiting. */
  void startWriteBack(long offset, long length) throws SystemCallException;

  /** Waits for it, and drops it from the page cache. */
  void awaitWriteBack(long offset, long length) throws SystemCallException;

  /** After {@link #sync}: makes sure that reads are served by the medium, as far as can be. */
  void prepareReadBack();

  /** Returns when everything written so far is on the medium, and found there after a crash. */
  void dataSync() throws SystemCallException;

  /** As {@link #dataSync}, with all metadata. */
  void sync() throws SystemCallException;

  @Override
  void close();
}
