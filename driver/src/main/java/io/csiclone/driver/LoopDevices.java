package io.csiclone.driver;

import io.csiclone.csi.BackendException;
import io.csiclone.csi.BackendException.Reason;
import io.csiclone.driver.DeviceNumbers.FileIdentity;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Attaches files as loop devices.
 *
 * <p>Loop devices belong to the kernel, their nodes in /dev do not: a container sees those that
 * were there when it started. So nodes are made here when they lack. Files are recognised by device
 * and inode, because their names differ between mount namespaces.
 */
final class LoopDevices {

  private static final Path BLOCK_DEVICES = Path.of("/sys/block");
  private static final Pattern LOOP = Pattern.compile("/dev/loop(\\d+)");
  private static final int ATTACH_ATTEMPTS = 50;
  private static final int SPARE_NODES = 8;
  private static final Duration RELEASE_LIMIT = Duration.ofSeconds(5);

  private final ReentrantLock attaching = new ReentrantLock();

  /** The devices that file is attached to: none, one, or more if somebody else did it too. */
  List<LoopDevice> attachedTo(Path file) {
    List<LoopDevice> busy = busy();
    if (busy.isEmpty() || !Files.exists(file)) {
      return List.of();
    }
    if (DeviceNumbers.uid() != 0) {
      return byName(busy, file);
    }
    busy.forEach(LoopDevices::ensureNode);
    FileIdentity wanted;
    try {
      wanted = DeviceNumbers.identity(file);
    } catch (IOException e) {
      throw new BackendException(Reason.FAILED, "cannot read the attributes of " + file, e);
    }
    String table =
        Command.run(
            Command.SHORT, "losetup", "--list", "--raw", "-O", "NAME,BACK-INO,BACK-MAJ:MIN");
    List<LoopDevice> found = new ArrayList<>();
    for (String line : table.split("\n")) {
      // Cells are padded with blanks, which the raw form writes as \x20.
      String[] cells = line.replace("\\x20", " ").strip().split(" +");
      if (cells.length == 3
          && cells[1].equals(Long.toString(wanted.inode()))
          && cells[2].equals(wanted.majorMinor())) {
        busy.stream()
            .filter(device -> device.path().toString().equals(cells[0]))
            .forEach(found::add);
      }
    }
    return found;
  }

  /** The device that file is attached to, if it is. */
  Optional<LoopDevice> find(Path file) {
    return attachedTo(file).stream().min(Comparator.comparingInt(LoopDevice::number));
  }

  /** The device with that node, if a file with that name is behind it, deleted or not. */
  Optional<LoopDevice> withBackingName(String node, String fileName) {
    return busy().stream()
        .filter(device -> device.path().toString().equals(node))
        .filter(device -> backingName(device).equals(fileName))
        .findFirst();
  }

  /** The devices whose files are or were in that folder, by the names they were attached under. */
  Map<LoopDevice, Path> attachedBelow(Path folder) {
    Map<LoopDevice, Path> found = new LinkedHashMap<>();
    for (LoopDevice device : busy()) {
      backingFile(device)
          .map(LoopDevices::withoutDeleted)
          .map(Path::of)
          .filter(file -> folder.equals(file.getParent()))
          .ifPresent(file -> found.put(device, file));
    }
    return found;
  }

  private static String withoutDeleted(String file) {
    return file.endsWith(" (deleted)") ? file.substring(0, file.length() - 10) : file;
  }

  /**
   * Attaches the file, or answers the device it is attached to already.
   *
   * <p>Through the page cache, on purpose. With direct I/O the device takes the sector size from
   * the file: XFS reports 4096 bytes for a file with shared extents and 512 for others, so a clone
   * would not mount. And a filesystem with data checksums, such as btrfs, may see a page change
   * between checksum and write.
   */
  LoopDevice attach(Path file) {
    attaching.lock();
    try {
      Optional<LoopDevice> present = find(file).filter(device -> !goesBy(device, file));
      if (present.isPresent()) {
        return present.get();
      }
      for (int attempt = 0; attempt < ATTACH_ATTEMPTS; attempt++) {
        LoopDevice free = free();
        ensureNode(free);
        Command.Result result =
            Command.attempt(Command.SHORT, "losetup", free.path().toString(), file.toString());
        if (result.ok()) {
          makeWritable(free);
          ensureSpareNodes(free.number());
          return free;
        }
        // Another process of this machine took the number between the two calls: ask again.
        boolean taken = result.err().contains("busy") || Files.exists(free.sysfs().resolve("loop"));
        if (!taken) {
          throw result.failure();
        }
      }
      throw new BackendException(
          Reason.FAILED,
          "no loop device for %s: each of %d free ones was taken by somebody else"
              .formatted(file, ATTACH_ATTEMPTS));
    } finally {
      attaching.unlock();
    }
  }

  /**
   * Whether the device was to be detached while somebody held it open, and is gone now. The kernel
   * detaches it when it is closed, behind the back of whoever took it for attached.
   *
   * @throws BackendException when it is still held open
   */
  private static boolean goesBy(LoopDevice device, Path file) {
    if (!detachesItself(device) || MountTable.read().uses(device)) {
      return false;
    }
    awaitDetached(device, String.valueOf(file.getFileName()));
    return true;
  }

  private static boolean detachesItself(LoopDevice device) {
    try {
      return Files.readString(device.sysfs().resolve("loop/autoclear")).strip().equals("1");
    } catch (IOException e) {
      return true; // it did
    }
  }

  /**
   * A device stays read-only from one file to the next: neither inherit the mark of whoever had it
   * before nor leave one to whoever comes next.
   */
  private static void makeWritable(LoopDevice device) {
    Command.run(Command.SHORT, "blockdev", "--setrw", device.path().toString());
  }

  /** Makes an attached device as long as its file. */
  void refreshSize(LoopDevice device, Path file) {
    try {
      long sectors = Long.parseLong(Files.readString(device.sysfs().resolve("size")).strip());
      if (sectors * 512 < Files.size(file)) {
        Command.run(Command.SHORT, "losetup", "-c", device.path().toString());
      }
    } catch (IOException e) {
      throw new BackendException(Reason.FAILED, "cannot read the size of " + device, e);
    }
  }

  /** Writes out what the device's cache holds. */
  void flush(LoopDevice device) {
    Command.run(Command.LONG, "blockdev", "--flushbufs", device.path().toString());
  }

  /**
   * Detaches the device and waits until the kernel has let go of the file.
   *
   * @throws BackendException when somebody still holds the device open
   */
  void detach(LoopDevice device) {
    ensureNode(device);
    flush(device);
    makeWritable(device);
    String before = backingName(device);
    Command.Result result =
        Command.attempt(Command.SHORT, "losetup", "-d", device.path().toString());
    if (!result.ok() && attached(device)) {
      throw result.failure();
    }
    awaitDetached(device, before);
  }

  private static void awaitDetached(LoopDevice device, String fileName) {
    long deadline = System.nanoTime() + RELEASE_LIMIT.toNanos();
    while (attached(device) && backingName(device).equals(fileName)) {
      if (System.nanoTime() > deadline) {
        throw new BackendException(
            Reason.IN_USE, "%s is still held open by another process".formatted(device));
      }
      try {
        Thread.sleep(20);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new BackendException(Reason.FAILED, "interrupted while detaching " + device, e);
      }
    }
  }

  private static List<LoopDevice> busy() {
    List<LoopDevice> busy = new ArrayList<>();
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(BLOCK_DEVICES, "loop[0-9]*")) {
      for (Path folder : folders) {
        int number = Integer.parseInt(String.valueOf(folder.getFileName()).substring(4));
        if (Files.exists(folder.resolve("loop"))) {
          device(number).ifPresent(busy::add);
        }
      }
    } catch (IOException e) {
      throw new BackendException(Reason.FAILED, "cannot list " + BLOCK_DEVICES, e);
    }
    return busy;
  }

  private static Optional<LoopDevice> device(int number) {
    try {
      String numbers = Files.readString(BLOCK_DEVICES.resolve("loop" + number).resolve("dev"));
      return Optional.of(new LoopDevice(number, numbers.strip()));
    } catch (IOException e) {
      return Optional.empty(); // removed meanwhile
    }
  }

  private static LoopDevice free() {
    String answer = Command.run(Command.SHORT, "losetup", "-f");
    Matcher name = LOOP.matcher(answer);
    if (!name.find()) {
      throw new BackendException(
          Reason.FAILED, "losetup named no free loop device but said: " + answer);
    }
    int number = Integer.parseInt(name.group(1));
    return device(number)
        .orElseThrow(() ->
            new BackendException(Reason.FAILED, "the kernel does not know loop device " + number));
  }

  /** The kernel's folder {@code loop} is there while a file is attached. */
  private static boolean attached(LoopDevice device) {
    return Files.exists(device.sysfs().resolve("loop"));
  }

  private static String backingName(LoopDevice device) {
    return backingFile(device)
        .map(LoopDevices::withoutDeleted)
        .map(file -> file.substring(file.lastIndexOf('/') + 1))
        .orElse("");
  }

  private static Optional<String> backingFile(LoopDevice device) {
    try {
      return Optional.of(
          Files.readString(device.sysfs().resolve("loop/backing_file")).stripTrailing());
    } catch (IOException e) {
      return Optional.empty(); // detached
    }
  }

  /** Only root may ask a device for device and inode; everybody may read the name. */
  private static List<LoopDevice> byName(List<LoopDevice> busy, Path file) {
    String name = MountTable.real(file).toString();
    return busy.stream()
        .filter(device -> backingFile(device).filter(name::equals).isPresent())
        .toList();
  }

  private static void ensureNode(LoopDevice device) {
    if (DeviceNumbers.isDevice(device.path(), device.majorMinor())) {
      return;
    }
    String[] numbers = device.majorMinor().split(":");
    Command.Result result =
        Command.attempt(
            Command.SHORT,
            "mknod",
            "-m",
            "0600",
            device.path().toString(),
            "b",
            numbers[0],
            numbers[1]);
    if (!result.ok() && !DeviceNumbers.isDevice(device.path(), device.majorMinor())) {
      throw result.failure();
    }
  }

  /**
   * The kubelet attaches a loop device of its own to each block volume, and cannot make nodes. In a
   * /dev that the kernel does not fill it finds the next ones ready.
   */
  private static void ensureSpareNodes(int above) {
    boolean filledByKernel =
        MountTable.read()
            .at(Path.of("/dev"))
            .filter(mount -> mount.fsType().equals("devtmpfs"))
            .isPresent();
    if (filledByKernel) {
      return;
    }
    for (int number = above + 1; number <= above + SPARE_NODES; number++) {
      // The kernel may not have made that device yet; without partitions its minor is the number.
      LoopDevice spare = device(number).orElse(new LoopDevice(number, "7:" + number));
      if (!Files.exists(spare.path())) {
        ensureNode(spare);
      }
    }
  }
}
