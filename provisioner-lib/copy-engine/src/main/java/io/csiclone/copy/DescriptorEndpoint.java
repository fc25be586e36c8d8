package io.csiclone.copy;

import io.csiclone.copy.internal.linux.AlignedBuffer;
import io.csiclone.copy.internal.linux.Capability;
import io.csiclone.copy.internal.linux.Descriptor;
import io.csiclone.copy.internal.linux.Errno;
import io.csiclone.copy.internal.linux.SystemCallException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/** What a file and a block device have in common. */
abstract class DescriptorEndpoint implements Endpoint {

  /** A way to make a range read as zeros by a command. */
  record Zeroing(Capability capability, Command command) {}

  /** The command of it. */
  @FunctionalInterface
  interface Command {
    void zero(long offset, long length) throws SystemCallException;
  }

  final Descriptor descriptor;
  private final Path path;
  private final long size;
  private final CachePolicy policy;
  private final DirectAccess direct;
  private final Capability writeBack =
      new Capability(Errno.EINVAL, Errno.ENOSYS, Errno.ESPIPE, Errno.EPERM);
  private final LongAdder zeroed = new LongAdder();
  private volatile boolean fromMedium;

  DescriptorEndpoint(
      Descriptor descriptor, Path path, long size, CachePolicy policy, DirectAccess direct) {
    this.descriptor = descriptor;
    this.path = path;
    this.size = size;
    this.policy = policy;
    this.direct = direct;
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public long size() {
    return size;
  }

  /** The ways to zero, most sparing first. */
  abstract List<Zeroing> zeroings();

  /** Bytes of the range that can be had from the page cache; -1 when that is unknown. */
  abstract long cachedBytes(long offset, long length);

  /** Whether a move of this length goes past the page cache when nothing is in it. */
  abstract boolean worthBypassing(int length);

  @Override
  public int read(AlignedBuffer buffer, int from, int length, long offset)
      throws SystemCallException {
    long cached = fromMedium ? 0 : cachedBytes(offset, length);
    int past = 0;
    if (fromMedium || (bypasses(length) && cached <= length / 2)) {
      past = direct.read(buffer, from, length, offset);
    }
    int rest = length - past;
    int count = past;
    if (rest > 0) {
      count += descriptor.readFully(buffer, from + past, rest, offset + past);
      if (cached == 0) {
        descriptor.dropCache(offset + past, rest);
      }
    }
    return count;
  }

  @Override
  public long write(AlignedBuffer buffer, int from, int length, long offset)
      throws SystemCallException {
    int past = bypasses(length) ? direct.write(buffer, from, length, offset) : 0;
    int rest = length - past;
    if (rest > 0) {
      descriptor.write(buffer, from + past, rest, offset + past);
    }
    return rest;
  }

  final boolean bypasses(int length) {
    return switch (policy) {
      case AUTO -> worthBypassing(length);
      case DIRECT -> true;
      case BUFFERED -> false;
    };
  }

  /** Zeros by the first command that is served; written zeros are the last resort. */
  final long zeroByCommand(long offset, long length) throws SystemCallException {
    for (Zeroing zeroing : zeroings()) {
      if (zeroing.capability().attempt(() -> zeroing.command().zero(offset, length))) {
        zeroed.add(length);
        return 0;
      }
    }
    return writeZeros(offset, length);
  }

  final long writeZeros(long offset, long length) throws SystemCallException {
    descriptor.writeZeros(offset, length);
    return length;
  }

  @Override
  public long zeroed() {
    return zeroed.sum();
  }

  @Override
  public void startWriteBack(long offset, long length) throws SystemCallException {
    writeBack.attempt(() -> descriptor.startWriteBack(offset, length));
  }

  @Override
  public void awaitWriteBack(long offset, long length) throws SystemCallException {
    if (writeBack.attempt(() -> descriptor.awaitWriteBack(offset, length))) {
      descriptor.dropCache(offset, length);
    }
  }

  @Override
  public void prepareReadBack() {
    descriptor.dropCache(0, 0);
    fromMedium = true;
  }

  @Override
  public void dataSync() throws SystemCallException {
    descriptor.dataSync();
  }

  @Override
  public void sync() throws SystemCallException {
    descriptor.sync();
  }

  @Override
  public void close() {
    direct.close();
    descriptor.close();
  }
}
