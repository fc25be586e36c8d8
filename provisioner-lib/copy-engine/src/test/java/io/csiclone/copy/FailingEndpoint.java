package io.csiclone.copy;

import io.csiclone.copy.internal.linux.AlignedBuffer;
import io.csiclone.copy.internal.linux.Errno;
import io.csiclone.copy.internal.linux.SystemCallException;

/** A real end with one bad place: reads and writes of it fail as a disk's do. */
final class FailingEndpoint extends DelegatingEndpoint {

  private final long bad;

  FailingEndpoint(Endpoint real, long bad) {
    super(real);
    this.bad = bad;
  }

  private void check(String call, long offset, long length) throws SystemCallException {
    if (offset <= bad && bad < offset + length) {
      throw new SystemCallException(call, path().toString(), bad, Errno.EIO);
    }
  }

  @Override
  public int read(AlignedBuffer buffer, int from, int length, long offset)
      throws SystemCallException {
    check("pread", offset, length);
    return super.read(buffer, from, length, offset);
  }

  @Override
  public long write(AlignedBuffer buffer, int from, int length, long offset)
      throws SystemCallException {
    check("pwrite", offset, length);
    return super.write(buffer, from, length, offset);
  }

  @Override
  public long copyFrom(Endpoint source, long offset, long length) throws SystemCallException {
    check("copy_file_range", offset, length);
    return super.copyFrom(source, offset, length);
  }
}
