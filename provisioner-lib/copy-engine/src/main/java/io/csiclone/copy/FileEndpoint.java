package io.csiclone.copy;

import io.csiclone.copy.internal.linux.Capability;
import io.csiclone.copy.internal.linux.Descriptor;
import io.csiclone.copy.internal.linux.Errno;
import io.csiclone.copy.internal.linux.FileStatus;
import io.csiclone.copy.internal.linux.SystemCallException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A regular file. */
final class FileEndpoint extends DescriptorEndpoint {

  /** A filesystem block on nearly every filesystem, so the smallest run that saves space. */
  private static final int ZERO_GRANULE = 4096;

  /** What direct access may have to be aligned to: the largest logical block there is. */
  private static final int DIRECT_ALIGNMENT = 4096;

  /** Shorter moves, and all those of small files, are quicker through the page cache. */
  private static final int LONG_ENOUGH = 128 * 1024;

  private static final long LARGE_ENOUGH = 1 << 20;

  private final FileStatus status;
  private final Optional<Endpoint> source;

  private final Capability seek = new Capability(Errno.EINVAL, Errno.EOPNOTSUPP, Errno.ENOSYS);
  private final Capability cacheStatus =
      new Capability(Errno.ENOSYS, Errno.EPERM, Errno.EOPNOTSUPP, Errno.EINVAL);
  private final Capability punch = unlessUnsupported();
  private final List<Zeroing> zeroings;

  /** Not fatal when there is no room: less may be enough, and if not the write will tell. */
  private final Capability reserving =
      new Capability(
          Errno.EOPNOTSUPP,
          Errno.ENOSYS,
          Errno.ENODEV,
          Errno.EINVAL,
          Errno.EPERM,
          Errno.EFBIG,
          Errno.ENOSPC,
          Errno.EDQUOT);

  // ENOSPC too: XFS answers so when one allocation group is short of room for shared extents,
  // while a copy still fits into the others. EPERM: filters of system calls in containers.
  private final Capability cloneAll = cloning();
  private final Capability cloneRange = cloning();
  private final Capability copyRange =
      new Capability(
          Errno.EXDEV, Errno.EINVAL, Errno.ENOSYS, Errno.EOPNOTSUPP, Errno.EPERM, Errno.ETXTBSY);

  /** The first answer of {@link #isCached}. */
  private volatile @Nullable Boolean cached;

  /** The last answer of {@link #extentAt}, and where it begins. */
  private volatile @Nullable Known known;

  private record Known(long start, Extent extent) {}

  /**
   * @param source of a target, what it is written from
   */
  FileEndpoint(
      Descriptor descriptor,
      Path path,
      FileStatus status,
      CachePolicy policy,
      Optional<Endpoint> source) {
    super(
        descriptor,
        path,
        status.size(),
        policy,
        new DirectAccess(descriptor, source.isPresent(), DIRECT_ALIGNMENT));
    this.status = status;
    this.source = source;
    this.zeroings =
        List.of(
            new Zeroing(punch, descriptor::punchHole),
            new Zeroing(unlessUnsupported(), descriptor::zeroRange));
  }

  private static Capability unlessUnsupported() {
    return new Capability(Errno.EOPNOTSUPP, Errno.ENOSYS, Errno.ENODEV, Errno.EINVAL);
  }

  private static Capability cloning() {
    return new Capability(
        Errno.EOPNOTSUPP,
        Errno.ENOTTY,
        Errno.ENOSYS,
        Errno.EXDEV,
        Errno.EINVAL,
        Errno.EPERM,
        Errno.ETXTBSY,
        Errno.ENOSPC);
  }

  @Override
  public String identity() {
    return VolumeIdentity.ofFile(status);
  }

  @Override
  public String version() {
    return VolumeIdentity.versionOfFile(status);
  }

  @Override
  public long currentSize() throws SystemCallException {
    return descriptor.status().size();
  }

  @Override
  public Extent extentAt(long offset) throws SystemCallException {
    Known last = known;
    if (last != null && offset >= last.start() && offset < last.extent().end()) {
      // Some filesystems look for a data extent's end page by page: asked once for each.
      return last.extent();
    }
    Extent extent = searchExtent(offset);
    known = new Known(offset, extent);
    return extent;
  }

  private Extent searchExtent(long offset) throws SystemCallException {
    long data = dataFrom(offset);
    if (data > offset) {
      return new Extent(Math.min(data, size()), true);
    }
    if (!seek.isThere()) {
      return new Extent(size(), false);
    }
    try {
      return new Extent(Math.min(descriptor.seekHole(offset), size()), false);
    } catch (SystemCallException e) {
      if (e.is(Errno.ENXIO)) {
        // It shrank between the two calls: call it data, and the read will tell.
        return new Extent(size(), false);
      }
      throw e;
    }
  }

  /** Where the first data from {@code offset} on begins; the size when there is none. */
  private long dataFrom(long offset) throws SystemCallException {
    long[] data = {offset};
    try {
      seek.attempt(() -> data[0] = descriptor.seekData(offset));
    } catch (SystemCallException e) {
      if (e.is(Errno.ENXIO)) {
        return size();
      }
      throw e;
    }
    return data[0];
  }

  @Override
  List<Zeroing> zeroings() {
    return zeroings;
  }

  @Override
  long cachedBytes(long offset, long length) {
    long[] cached = {-1};
    try {
      cacheStatus.attempt(() -> cached[0] = descriptor.cachedBytes(offset, length));
    } catch (SystemCallException e) {
      // Only a hint; whatever is wrong with the file the read will tell.
      cacheStatus.refuse(String.valueOf(e.getMessage()));
    }
    return cached[0];
  }

  @Override
  boolean worthBypassing(int length) {
    return length >= LONG_ENOUGH
        && size() >= LARGE_ENOUGH
        // What is read out of the page cache is written through it as well: it is taken sooner.
        && !source.map(Endpoint::isCached).orElse(false);
  }

  @Override
  public long zero(long offset, long length) throws SystemCallException {
    // What is a hole in the target already is left alone.
    long data = dataFrom(offset);
    long end = offset + length;
    return data >= end ? 0 : zeroByCommand(data, end - data);
  }

  @Override
  public boolean reserve(long offset, long length) throws SystemCallException {
    if (!reserving.isThere() || !bypasses((int) Math.min(length, LONG_ENOUGH))) {
      return false;
    }
    if (reserving.attempt(() -> descriptor.reserve(offset, length))) {
      return true;
    }
    // Out of space half way, perhaps.
    punch.attempt(() -> descriptor.punchHole(offset, length));
    return false;
  }

  @Override
  public long zeroReserved(long offset, long length) throws SystemCallException {
    return zeroByCommand(offset, length);
  }

  @Override
  public int zeroGranule() {
    return ZERO_GRANULE;
  }

  @Override
  public boolean isCached() {
    Boolean known = cached;
    if (known == null) {
      // It takes the longer the more is cached, so a file that is shared whole is not asked.
      known = cachedBytes(0, size()) > size() / 2;
      cached = known;
    }
    return known;
  }

  @Override
  public boolean betterPastCache() {
    // A filesystem without a device of its own may be a server's, which copies by itself.
    boolean onDevice = status.device().major() != 0;
    return onDevice && bypasses(LONG_ENOUGH) && !isCached();
  }

  @Override
  public Optional<Descriptor> file() {
    return Optional.of(descriptor);
  }

  /** A call that takes from another file. */
  @FunctionalInterface
  private interface FromFile {
    void make(Descriptor source) throws SystemCallException;
  }

  private static boolean attempt(Capability capability, Endpoint source, FromFile call)
      throws SystemCallException {
    Optional<Descriptor> file = source.file();
    if (file.isEmpty()) {
      capability.refuse(BlockEndpoint.NOT_FOR_DEVICES);
      return false;
    }
    return capability.attempt(() -> call.make(file.get()));
  }

  @Override
  public boolean cloneFrom(Endpoint source, long length) throws SystemCallException {
    if (length == 0) {
      cloneAll.refuse("the source is empty");
    }
    return attempt(cloneAll, source, descriptor::cloneAll);
  }

  @Override
  public boolean cloneRangeFrom(Endpoint source, long offset, long length)
      throws SystemCallException {
    return attempt(cloneRange, source, file -> descriptor.cloneRange(file, offset, length));
  }

  @Override
  public long copyFrom(Endpoint source, long offset, long length) throws SystemCallException {
    long[] copied = new long[1];
    if (attempt(copyRange, source, file -> copied[0] = descriptor.copyRange(file, offset, length))
        && copied[0] == 0) {
      // 0 before the source's end: some filesystems say so instead of refusing.
      copyRange.refuse("copy_file_range copied nothing");
    }
    return copied[0];
  }

  @Override
  public String declined(CopyMethod method) {
    Capability capability =
        switch (method) {
          case REFLINK -> cloneAll;
          case REFLINK_RANGES -> cloneRange;
          case COPY_FILE_RANGE -> copyRange;
          case READ_WRITE, PLAIN -> throw new IllegalArgumentException(method + " always serves");
        };
    return capability.refusal().orElse("");
  }
}
