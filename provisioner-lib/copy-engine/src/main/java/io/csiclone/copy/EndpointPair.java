package io.csiclone.copy;

import io.csiclone.copy.internal.linux.Descriptor;
import io.csiclone.copy.internal.linux.Errno;
import io.csiclone.copy.internal.linux.FileStatus;
import io.csiclone.copy.internal.linux.FileStatus.Kind;
import io.csiclone.copy.internal.linux.SystemCallException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Source and target, open, and checked: pointed at the wrong thing, opening refuses and has changed
 * nothing.
 */
record EndpointPair(Endpoint source, Endpoint target) implements AutoCloseable {

  static EndpointPair open(Path sourcePath, Path targetPath, CachePolicy policy) {
    FileStatus source = look("source", sourcePath);
    FileStatus target = look("target", targetPath);
    Endpoint from = openSource(sourcePath, source, policy);
    try {
      DeviceStack below = DeviceStack.of(sourcePath, source);
      below.refuseSame(DeviceStack.of(targetPath, target));
      DeviceStack.refuseAttached(targetPath, target);
      Endpoint to = openTarget(targetPath, target, policy, from);
      if (to.size() < from.size()) {
        to.close();
        throw new CopyException(
            CopyFailure.TARGET_SMALLER,
            "the target %s holds %d bytes, fewer than the %d of the source %s"
                .formatted(targetPath, to.size(), from.size(), sourcePath));
      }
      return new EndpointPair(from, to);
    } catch (RuntimeException e) {
      from.close();
      throw e;
    }
  }

  /** Asked before opening: opening a device or a pipe can have effects of its own. */
  private static FileStatus look(String role, Path path) {
    FileStatus status;
    try {
      status = FileStatus.of(path);
    } catch (SystemCallException e) {
      throw Failures.lookingAt(role, path, e);
    }
    return switch (status.kind()) {
      case REGULAR_FILE, BLOCK_DEVICE -> status;
      case SYMBOLIC_LINK ->
          throw new CopyException(
              CopyFailure.SYMBOLIC_LINK,
              "the " + role + " " + path + " is a symbolic link; name the file it leads to");
      case DIRECTORY, CHARACTER_DEVICE, PIPE, SOCKET, OTHER ->
          throw new CopyException(
              CopyFailure.NOT_FILE_OR_BLOCK_DEVICE,
              "the "
                  + role
                  + " "
                  + path
                  + " is "
                  + status.kind()
                  + "; only regular files and block devices can be copied");
    };
  }

  /** A source alone. */
  static Endpoint openSource(Path path) {
    return openSource(path, look("source", path), CachePolicy.AUTO);
  }

  private static Endpoint openSource(Path path, FileStatus seen, CachePolicy policy) {
    Endpoint source;
    try {
      source = endpoint(path, seen, policy, Optional.empty(), Descriptor.forReading(path));
    } catch (SystemCallException e) {
      throw Failures.openingSource(path, e);
    }
    if (seen.kind() == Kind.BLOCK_DEVICE && source.size() == 0) {
      // Not an empty volume but a device nothing is attached to.
      source.close();
      throw new CopyException(
          CopyFailure.SOURCE_UNREADABLE, "the source " + path + " is a device without a medium");
    }
    return source;
  }

  private static Endpoint openTarget(
      Path path, FileStatus seen, CachePolicy policy, Endpoint source) {
    boolean exclusive = seen.kind() == Kind.BLOCK_DEVICE;
    Endpoint target;
    try {
      target =
          endpoint(path, seen, policy, Optional.of(source), Descriptor.forWriting(path, exclusive));
    } catch (SystemCallException e) {
      throw Failures.openingTarget(path, e);
    }
    if (target instanceof BlockEndpoint device && device.isReadOnly()) {
      target.close();
      throw new CopyException(
          CopyFailure.TARGET_READ_ONLY, "the target " + path + " is a read-only device");
    }
    return target;
  }

  /**
   * @param source of a target, what it is written from
   */
  private static Endpoint endpoint(
      Path path,
      FileStatus seen,
      CachePolicy policy,
      Optional<Endpoint> source,
      Descriptor descriptor)
      throws SystemCallException {
    try {
      FileStatus opened = descriptor.status();
      if (opened.kind() != seen.kind() || !opened.identity().equals(seen.identity())) {
        // Exchanged since it was looked at: what was checked is not there any more.
        throw new SystemCallException("open", path.toString(), Errno.ENOENT);
      }
      return opened.kind() == Kind.BLOCK_DEVICE
          ? new BlockEndpoint(
              descriptor,
              path,
              descriptor.deviceSize(),
              policy,
              source.isPresent(),
              descriptor.logicalBlockSize(),
              descriptor.isReadOnlyDevice(),
              opened)
          : new FileEndpoint(descriptor, path, opened, policy, source);
    } catch (SystemCallException e) {
      descriptor.close();
      throw e;
    }
  }

  @Override
  public void close() {
    source.close();
    target.close();
  }
}
