package io.csiclone.driver;

import io.csiclone.csiproto.ControllerGrpc;
import io.csiclone.csiproto.ListSnapshotsRequest;
import io.csiclone.csiproto.ListVolumesRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * What a driver's pool and node hold, as lines that can be compared: answers of the driver,
 * records, pool files, loop devices, mounts.
 */
final class PoolAudit {

  private PoolAudit() {}

  /** What has to be there for these volumes, nothing more and nothing less. */
  static Set<String> expected(Map<ExpectedVolume, Tenant> volumes) {
    Set<String> lines = new TreeSet<>();
    volumes.forEach((volume, tenant) -> {
      lines.add("answer " + volume.id + " " + volume.capacity);
      lines.add("record " + volume.id + ".volume READY");
      lines.add("file " + volume.id + ".img " + volume.capacity);
      if (volume.staged) {
        lines.add("attached " + volume.id + ".img");
      }
      if (volume.staged && !volume.kind.block()) {
        lines.add("mount " + tenant.staging(volume));
      }
      if (volume.published) {
        lines.add("mount " + tenant.target(volume));
      }
    });
    lines.add("record lock");
    return lines;
  }

  /** What is there. */
  static Set<String> found(KillableDriver driver, Path kubelet) throws IOException {
    Map<String, Integer> lines = new TreeMap<>();
    Path volumes = driver.pool().resolve("volumes");
    answers(driver).forEach(line -> count(lines, line));
    for (Path file : files(driver.pool().resolve("records"))) {
      count(lines, "record " + file.getFileName() + state(file));
    }
    for (Path file : files(volumes)) {
      count(lines, "file " + file.getFileName() + " " + Files.size(file));
    }
    backing(path -> path.startsWith(volumes + "/"))
        .forEach(
            path -> count(lines, "attached " + path.substring(volumes.toString().length() + 1)));
    MountTable.read().mounts().stream()
        .filter(mount -> mount.point().startsWith(kubelet))
        .forEach(mount -> count(lines, "mount " + mount.point()));
    return lines.entrySet().stream()
        .map(line -> line.getKey() + (line.getValue() > 1 ? " x" + line.getValue() : ""))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static void count(Map<String, Integer> lines, String line) {
    lines.merge(line, 1, Integer::sum);
  }

  private static List<String> answers(KillableDriver driver) {
    var controller = ControllerGrpc.newBlockingStub(driver.channel()).withWaitForReady();
    var volumes = controller.listVolumes(ListVolumesRequest.getDefaultInstance()).getEntriesList();
    var snapshots =
        controller.listSnapshots(ListSnapshotsRequest.getDefaultInstance()).getEntriesList();
    List<String> lines = new ArrayList<>();
    volumes.forEach(entry ->
        lines.add(
            "answer "
                + entry.getVolume().getVolumeId()
                + " "
                + entry.getVolume().getCapacityBytes()
                + (entry.getStatus().getVolumeCondition().getAbnormal() ? " abnormal" : "")));
    snapshots.forEach(entry ->
        lines.add(
            "answer "
                + entry.getSnapshot().getSnapshotId()
                + " "
                + entry.getSnapshot().getSizeBytes()));
    return lines;
  }

  private static String state(Path record) throws IOException {
    return Files.readAllLines(record).stream()
        .filter(line -> line.startsWith("state="))
        .map(line -> line.replace("state=", " "))
        .findFirst()
        .orElse("");
  }

  private static List<Path> files(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      return files.toList();
    }
  }

  /** The files behind all loop devices of this machine, as the kernel calls them. */
  static Collection<String> backing(Predicate<String> which) throws IOException {
    List<String> found = new ArrayList<>();
    try (var devices = Files.newDirectoryStream(Path.of("/sys/block"), "loop[0-9]*")) {
      for (Path device : devices) {
        try {
          found.add(Files.readString(device.resolve("loop/backing_file")).stripTrailing());
        } catch (IOException e) {
          // Nothing is attached to it.
        }
      }
    }
    return found.stream().filter(which).toList();
  }

  /** Unmounts and detaches everything, as a reboot does; also for the end of a failed test. */
  static void tearDown(Path pool, Path kubelet) throws IOException {
    for (Mount mount : MountTable.read().mounts().reversed()) {
      if (mount.point().startsWith(kubelet)) {
        var _ = Command.attempt(Command.SHORT, "fsfreeze", "-u", mount.point().toString());
        var _ = Command.attempt(Command.SHORT, "umount", mount.point().toString());
      }
    }
    String below = pool.resolve("volumes") + "/";
    try (var devices = Files.newDirectoryStream(Path.of("/sys/block"), "loop[0-9]*")) {
      for (Path device : devices) {
        Path backing = device.resolve("loop/backing_file");
        if (Files.exists(backing) && Files.readString(backing).startsWith(below)) {
          var _ = Command.attempt(Command.SHORT, "losetup", "-d", "/dev/" + device.getFileName());
        }
      }
    }
  }

  /** One line for each thing that lacks or is too much; empty when all is as it has to be. */
  static List<String> differences(Set<String> expected, Set<String> found) {
    Function<Set<String>, Predicate<String>> notIn = set -> line -> !set.contains(line);
    List<String> lines =
        new ArrayList<>(
            expected.stream().filter(notIn.apply(found)).map(line -> "lacks: " + line).toList());
    found.stream()
        .filter(notIn.apply(expected))
        .map(line -> "too much: " + line)
        .forEach(lines::add);
    return lines;
  }
}
