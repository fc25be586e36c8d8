package io.csiclone.copy;

import io.csiclone.copy.internal.linux.AlignedBuffer;
import io.csiclone.copy.internal.linux.Descriptor;
import io.csiclone.copy.internal.linux.SystemCallException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** What a file and a block device have in common. */
abstract class DescriptorEndpoint implements Endpoint {

  private static final int ZEROS = 64 * 1024;

  final Descriptor descriptor;
  private final Path path;
  private final long size;
  private @Nullable AlignedBuffer zeros;

  /** See {@link #declined}. */
  String declined = "";

  /** See {@link #zeroed}. */
  long zeroed;

  DescriptorEndpoint(Descriptor descriptor, Path path, long size) {
    this.descriptor = descriptor;
    this.path = path;
    this.size = size;
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public int read(AlignedBuffer buffer, int from, int length, long offset)
      throws SystemCallException {
    return descriptor.readFully(buffer, from, length, offset);
  }

  @Override
  public void write(AlignedBuffer buffer, int from, int length, long offset)
      throws SystemCallException {
    descriptor.write(buffer, from, length, offset);
  }

  @Override
  public String declined() {
    return declined;
  }

  @Override
  public long zeroed() {
    return zeroed;
  }

  @Override
  public void prepareReadBack() {
    descriptor.dropCache(0, 0);
  }

  /** The last resort of every {@link #zero}. */
  final long writeZeros(long offset, long length) throws SystemCallException {
    AlignedBuffer buffer = zeros;
    if (buffer == null) {
      buffer = new AlignedBuffer(ZEROS);
      zeros = buffer;
    }
    for (long at = offset; at < offset + length; at += ZEROS) {
      write(buffer, 0, (int) Math.min(ZEROS, offset + length - at), at);
    }
    return length;
  }

  @Override
  public void sync() throws SystemCallException {
    descriptor.sync();
  }

  @Override
  public void close() {
    descriptor.close();
    AlignedBuffer buffer = zeros;
    zeros = null;
    if (buffer != null) {
      buffer.close();
    }
  }
}
