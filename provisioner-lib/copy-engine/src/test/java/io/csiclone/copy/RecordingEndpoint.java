package io.csiclone.copy;

import io.csiclone.copy.internal.linux.AlignedBuffer;
import io.csiclone.copy.internal.linux.SystemCallException;
import java.util.function.Consumer;

/** A real target that tells what is done to it, before it is done. */
final class RecordingEndpoint extends DelegatingEndpoint {

  /** One thing done to a target. */
  record Operation(String name, long offset, long length) {
    @Override
    public String toString() {
      return name + " " + offset + " " + length;
    }
  }

  private final Consumer<Operation> recorder;

  /**
   * @param recorder called by many threads at once
   */
  RecordingEndpoint(Endpoint real, Consumer<Operation> recorder) {
    super(real);
    this.recorder = recorder;
  }

  @Override
  public long write(AlignedBuffer buffer, int from, int length, long offset)
      throws SystemCallException {
    recorder.accept(new Operation("write", offset, length));
    return super.write(buffer, from, length, offset);
  }

  @Override
  public long zero(long offset, long length) throws SystemCallException {
    recorder.accept(new Operation("zero", offset, length));
    return super.zero(offset, length);
  }

  @Override
  public long zeroReserved(long offset, long length) throws SystemCallException {
    recorder.accept(new Operation("zero", offset, length));
    return super.zeroReserved(offset, length);
  }

  @Override
  public boolean cloneFrom(Endpoint source, long length) throws SystemCallException {
    recorder.accept(new Operation("clone", 0, length));
    return super.cloneFrom(source, length);
  }

  @Override
  public boolean cloneRangeFrom(Endpoint source, long offset, long length)
      throws SystemCallException {
    recorder.accept(new Operation("cloneRange", offset, length));
    return super.cloneRangeFrom(source, offset, length);
  }

  @Override
  public long copyFrom(Endpoint source, long offset, long length) throws SystemCallException {
    recorder.accept(new Operation("copyRange", offset, length));
    return super.copyFrom(source, offset, length);
  }

  @Override
  public void dataSync() throws SystemCallException {
    super.dataSync();
    recorder.accept(new Operation("dataSync", 0, 0));
  }

  @Override
  public void sync() throws SystemCallException {
    super.sync();
    recorder.accept(new Operation("sync", 0, 0));
  }
}
