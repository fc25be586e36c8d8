package io.csiclone.driver;

import io.csiclone.csi.BackendException;
import io.csiclone.csi.BackendException.Reason;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** A filesystem the driver makes and mounts inside a volume. */
enum Filesystem {
  /** From 4 MiB on it gets a journal, without which a crash could not be survived. */
  EXT4(4L << 20, List.of()),

  /**
   * mkfs.xfs refuses less than 300 MiB. A clone has its source's UUID, and XFS mounts a UUID once
   * per node unless told nouuid.
   */
  XFS(300L << 20, List.of("nouuid")),

  /**
   * mkfs.btrfs refuses less than 109 MiB. btrfs knows its devices by the filesystem's UUID, so each
   * volume has one of its own, see {@link BtrfsIdentity}.
   */
  BTRFS(128L << 20, List.of());

  private static final String LAZY = "lazy_itable_init=1";
  private static final String EAGER = "lazy_itable_init=0,lazy_journal_init=0";

  private final long minimumBytes;
  private final List<String> ownMountFlags;

  Filesystem(long minimumBytes, List<String> ownMountFlags) {
    this.minimumBytes = minimumBytes;
    this.ownMountFlags = ownMountFlags;
  }

  /** What a class gets that names none. */
  static Filesystem byDefault() {
    return EXT4;
  }

  /** The one a storage class names; empty when it names none. */
  static Optional<Filesystem> named(String fsType) {
    if (fsType.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        Arrays.stream(values())
            .filter(filesystem -> filesystem.fsType().equals(fsType))
            .findFirst()
            .orElseThrow(() ->
                new BackendException(
                    Reason.INVALID,
                    "filesystem '%s' is not supported; name one of %s"
                        .formatted(fsType, supported()))));
  }

  static String supported() {
    return Arrays.stream(values()).map(Filesystem::fsType).collect(Collectors.joining(", "));
  }

  /** Its name for mount(8) and blkid(8). */
  String fsType() {
    return name().toLowerCase(Locale.ROOT);
  }

  long minimumBytes() {
    return minimumBytes;
  }

  /** Mount flags it always gets. */
  List<String> ownMountFlags() {
    return ownMountFlags;
  }

  /**
   * The program that makes it on a blank device. None is told to overwrite what it finds.
   *
   * @param uuid its UUID, where clones must not have that of their source
   * @param thick whether no room may be given back later, by zeroing in the background
   */
  List<String> makeCommand(String uuid, boolean thick, String device) {
    return switch (this) {
      case EXT4 -> List.of("mkfs.ext4", "-q", "-m", "0", "-E", thick ? EAGER : LAZY, device);
      case XFS -> List.of("mkfs.xfs", "-q", device);
      case BTRFS -> List.of("mkfs.btrfs", "-q", "-U", uuid, device);
    };
  }
}
