package io.csiclone.copy;

import io.csiclone.copy.internal.linux.AlignedBuffer;
import io.csiclone.copy.internal.linux.Descriptor;
import io.csiclone.copy.internal.linux.SystemCallException;
import java.nio.file.Path;
import java.util.Optional;

/** A real end of a copy, for tests to stand in front of. */
class DelegatingEndpoint implements Endpoint {

  final Endpoint real;

  DelegatingEndpoint(Endpoint real) {
    this.real = real;
  }

  @Override
  public Path path() {
    return real.path();
  }

  @Override
  public long size() {
    return real.size();
  }

  @Override
  public long currentSize() throws SystemCallException {
    return real.currentSize();
  }

  @Override
  public String identity() {
    return real.identity();
  }

  @Override
  public String version() {
    return real.version();
  }

  @Override
  public Extent extentAt(long offset) throws SystemCallException {
    return real.extentAt(offset);
  }

  @Override
  public int read(AlignedBuffer buffer, int from, int length, long offset)
      throws SystemCallException {
    return real.read(buffer, from, length, offset);
  }

  @Override
  public long write(AlignedBuffer buffer, int from, int length, long offset)
      throws SystemCallException {
    return real.write(buffer, from, length, offset);
  }

  @Override
  public long zero(long offset, long length) throws SystemCallException {
    return real.zero(offset, length);
  }

  @Override
  public boolean reserve(long offset, long length) throws SystemCallException {
    return real.reserve(offset, length);
  }

  @Override
  public long zeroReserved(long offset, long length) throws SystemCallException {
    return real.zeroReserved(offset, length);
  }

  @Override
  public int zeroGranule() {
    return real.zeroGranule();
  }

  @Override
  public boolean isCached() {
    return real.isCached();
  }

  @Override
  public boolean betterPastCache() {
    return real.betterPastCache();
  }

  @Override
  public Optional<Descriptor> file() {
    return real.file();
  }

  @Override
  public boolean cloneFrom(Endpoint source, long length) throws SystemCallException {
    return real.cloneFrom(source, length);
  }

  @Override
  public boolean cloneRangeFrom(Endpoint source, long offset, long length)
      throws SystemCallException {
    return real.cloneRangeFrom(source, offset, length);
  }

  @Override
  public long copyFrom(Endpoint source, long offset, long length) throws SystemCallException {
    return real.copyFrom(source, offset, length);
  }

  @Override
  public String declined(CopyMethod method) {
    return real.declined(method);
  }

  @Override
  public long zeroed() {
    return real.zeroed();
  }

  @Override
  public void startWriteBack(long offset, long length) throws SystemCallException {
    real.startWriteBack(offset, length);
  }

  @Override
  public void awaitWriteBack(long offset, long length) throws SystemCallException {
    real.awaitWriteBack(offset, length);
  }

  @Override
  public void prepareReadBack() {
    real.prepareReadBack();
  }

  @Override
  public void dataSync() throws SystemCallException {
    real.dataSync();
  }

  @Override
  public void sync() throws SystemCallException {
    real.sync();
  }

  @Override
  public void close() {
    real.close();
  }
}
