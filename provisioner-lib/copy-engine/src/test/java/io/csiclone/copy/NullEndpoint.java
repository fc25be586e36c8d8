package io.csiclone.copy;

import io.csiclone.copy.internal.linux.AlignedBuffer;
import io.csiclone.copy.internal.linux.SystemCallException;

/** A target that takes everything and keeps nothing: what is left is the cost of the engine. */
final class NullEndpoint extends DelegatingEndpoint {

  /**
   * @param real lends its name and length, and is closed
   */
  NullEndpoint(Endpoint real) {
    super(real);
  }

  @Override
  public long write(AlignedBuffer buffer, int from, int length, long offset) {
    return 0;
  }

  @Override
  public long zero(long offset, long length) {
    return 0;
  }

  @Override
  public boolean reserve(long offset, long length) {
    return false;
  }

  @Override
  public boolean cloneFrom(Endpoint source, long length) {
    return false;
  }

  @Override
  public boolean cloneRangeFrom(Endpoint source, long offset, long length) {
    return false;
  }

  @Override
  public long copyFrom(Endpoint source, long offset, long length) {
    return 0;
  }

  @Override
  public String declined(CopyMethod method) {
    return "it keeps nothing";
  }

  @Override
  public void dataSync() throws SystemCallException {}

  @Override
  public void sync() throws SystemCallException {}
}
