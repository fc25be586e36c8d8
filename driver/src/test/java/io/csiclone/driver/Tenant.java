package io.csiclone.driver;

import io.csiclone.csiproto.CapacityRange;
import io.csiclone.csiproto.ControllerExpandVolumeRequest;
import io.csiclone.csiproto.CreateSnapshotRequest;
import io.csiclone.csiproto.CreateVolumeRequest;
import io.csiclone.csiproto.DeleteSnapshotRequest;
import io.csiclone.csiproto.DeleteVolumeRequest;
import io.csiclone.csiproto.NodeExpandVolumeRequest;
import io.csiclone.csiproto.NodePublishVolumeRequest;
import io.csiclone.csiproto.NodeStageVolumeRequest;
import io.csiclone.csiproto.NodeUnpublishVolumeRequest;
import io.csiclone.csiproto.NodeUnstageVolumeRequest;
import io.csiclone.csiproto.Volume;
import io.csiclone.csiproto.VolumeContentSource;
import io.csiclone.driver.ExpectedVolume.Content;
import io.csiclone.driver.ExpectedVolume.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedDeque;

/** Somebody with volumes, who knows what has to be in them. One call at a time. */
final class Tenant {

  private static final long MIB = 1L << 20;

  private final String name;
  private final PersistentCaller caller;
  private final Path pool;
  private final Path kubelet;
  private final Collection<ExpectedVolume> owned = new ConcurrentLinkedDeque<>();
  private int made;

  /**
   * @param kubelet beneath which volumes are mounted
   */
  Tenant(String name, PersistentCaller caller, Path pool, Path kubelet) {
    this.name = name;
    this.caller = caller;
    this.pool = pool;
    this.kubelet = kubelet;
  }

  Collection<ExpectedVolume> owned() {
    return owned;
  }

  Path staging(ExpectedVolume volume) {
    return kubelet.resolve(volume.id).resolve("globalmount");
  }

  Path target(ExpectedVolume volume) {
    return kubelet.resolve(volume.id).resolve("pod/mount");
  }

  ExpectedVolume create(Kind kind, long mib) throws Exception {
    CreateVolumeRequest request = request(kind, mib * MIB).build();
    Volume volume =
        caller
            .controller("CreateVolume", request.getName(), c -> c.createVolume(request))
            .getVolume();
    return own(request, volume, kind, Content.NONE);
  }

  /** Of a volume or a snapshot, with so many MiB more. */
  ExpectedVolume cloneOf(ExpectedVolume source, long moreMib) throws Exception {
    CreateVolumeRequest request = cloneRequest(source, moreMib);
    String call = source.snapshot ? "CreateVolume (restore)" : "CreateVolume (clone)";
    Volume volume =
        caller.controller(call, request.getName(), c -> c.createVolume(request)).getVolume();
    return own(request, volume, source.kind, source.content);
  }

  private CreateVolumeRequest cloneRequest(ExpectedVolume source, long moreMib) {
    VolumeContentSource.Builder from = VolumeContentSource.newBuilder();
    if (source.snapshot) {
      from.getSnapshotBuilder().setSnapshotId(source.id);
    } else {
      from.getVolumeBuilder().setVolumeId(source.id);
    }
    return request(source.kind, source.capacity + moreMib * MIB)
        .setVolumeContentSource(from)
        .build();
  }

  private CreateVolumeRequest.Builder request(Kind kind, long bytes) {
    return CreateVolumeRequest.newBuilder()
        .setName(name + "-" + made++)
        .setCapacityRange(CapacityRange.newBuilder().setRequiredBytes(bytes))
        .addVolumeCapabilities(kind.capability());
  }

  private ExpectedVolume own(
      CreateVolumeRequest request, Volume volume, Kind kind, Content content) {
    ExpectedVolume known =
        new ExpectedVolume(
            request.getName(),
            volume.getVolumeId(),
            kind,
            false,
            volume.getCapacityBytes(),
            content);
    owned.add(known);
    return known;
  }

  ExpectedVolume snapshotOf(ExpectedVolume source) throws Exception {
    CreateSnapshotRequest request =
        CreateSnapshotRequest.newBuilder()
            .setName(name + "-" + made++)
            .setSourceVolumeId(source.id)
            .build();
    var answer =
        caller
            .controller("CreateSnapshot", request.getName(), c -> c.createSnapshot(request))
            .getSnapshot();
    ExpectedVolume snapshot =
        new ExpectedVolume(
            request.getName(),
            answer.getSnapshotId(),
            source.kind,
            true,
            answer.getSizeBytes(),
            source.content);
    owned.add(snapshot);
    return snapshot;
  }

  /** Begins a clone and deletes it, most often while it is being made. */
  void cloneAndDelete(ExpectedVolume source) throws Exception {
    CreateVolumeRequest request = cloneRequest(source, 0);
    Optional<String> id = Optional.empty();
    while (id.isEmpty()) {
      // Any answer will do, or none: what counts is that the making has begun.
      caller.once("CreateVolume (clone)", c -> c.createVolume(request));
      id = recordedAs(request.getName());
    }
    deleteVolume(id.get());
  }

  /** A caller that gave up learns the id from nobody but the driver's own records. */
  private Optional<String> recordedAs(String volumeName) throws IOException {
    try (var records = Files.newDirectoryStream(pool.resolve("records"), "*.volume")) {
      for (Path record : records) {
        if (linesOf(record).contains("name=" + volumeName)) {
          String file = String.valueOf(record.getFileName());
          return Optional.of(file.substring(0, file.length() - ".volume".length()));
        }
      }
    }
    return Optional.empty();
  }

  private static List<String> linesOf(Path record) throws IOException {
    try {
      return Files.readAllLines(record);
    } catch (NoSuchFileException e) {
      return List.of(); // somebody else's, deleted meanwhile
    }
  }

  void delete(ExpectedVolume volume) throws Exception {
    if (volume.snapshot) {
      var request = DeleteSnapshotRequest.newBuilder().setSnapshotId(volume.id).build();
      var _ = caller.controller("DeleteSnapshot", volume.id, c -> c.deleteSnapshot(request));
    } else {
      deleteVolume(volume.id);
    }
    owned.remove(volume);
  }

  private void deleteVolume(String id) throws Exception {
    var request = DeleteVolumeRequest.newBuilder().setVolumeId(id).build();
    var _ = caller.controller("DeleteVolume", id, c -> c.deleteVolume(request));
  }

  void expand(ExpectedVolume volume, long moreMib) throws Exception {
    var request =
        ControllerExpandVolumeRequest.newBuilder()
            .setVolumeId(volume.id)
            .setCapacityRange(
                CapacityRange.newBuilder().setRequiredBytes(volume.capacity + moreMib * MIB))
            .build();
    var answer =
        caller.controller(
            "ControllerExpandVolume", volume.id, c -> c.controllerExpandVolume(request));
    volume.capacity = answer.getCapacityBytes();
    // Not every container may grow a mounted ext4, but the driver helps itself if it is mounted
    // once.
    boolean ext4 = volume.kind.equals(Kind.EXT4);
    if (ext4 ? volume.staged && !volume.published : volume.published) {
      var onNode =
          NodeExpandVolumeRequest.newBuilder()
              .setVolumeId(volume.id)
              .setVolumePath((ext4 ? staging(volume) : target(volume)).toString())
              .setVolumeCapability(volume.kind.capability())
              .build();
      var _ = caller.node("NodeExpandVolume", volume.id, n -> n.nodeExpandVolume(onNode));
    }
  }

  void stage(ExpectedVolume volume) throws Exception {
    var request =
        NodeStageVolumeRequest.newBuilder()
            .setVolumeId(volume.id)
            .setStagingTargetPath(staging(volume).toString())
            .setVolumeCapability(volume.kind.capability())
            .build();
    var _ = caller.node("NodeStageVolume", volume.id, n -> n.nodeStageVolume(request));
    volume.staged = true;
  }

  void publish(ExpectedVolume volume) throws Exception {
    var request =
        NodePublishVolumeRequest.newBuilder()
            .setVolumeId(volume.id)
            .setStagingTargetPath(staging(volume).toString())
            .setTargetPath(target(volume).toString())
            .setVolumeCapability(volume.kind.capability())
            .build();
    var _ = caller.node("NodePublishVolume", volume.id, n -> n.nodePublishVolume(request));
    volume.published = true;
  }

  void unpublish(ExpectedVolume volume) throws Exception {
    var request =
        NodeUnpublishVolumeRequest.newBuilder()
            .setVolumeId(volume.id)
            .setTargetPath(target(volume).toString())
            .build();
    var _ = caller.node("NodeUnpublishVolume", volume.id, n -> n.nodeUnpublishVolume(request));
    volume.published = false;
  }

  void unstage(ExpectedVolume volume) throws Exception {
    var request =
        NodeUnstageVolumeRequest.newBuilder()
            .setVolumeId(volume.id)
            .setStagingTargetPath(staging(volume).toString())
            .build();
    var _ = caller.node("NodeUnstageVolume", volume.id, n -> n.nodeUnstageVolume(request));
    volume.staged = false;
  }

  void write(ExpectedVolume volume, Content content) throws Exception {
    volume.writeAt(target(volume), content);
  }

  void shut(ExpectedVolume volume) throws Exception {
    if (volume.published) {
      unpublish(volume);
    }
    if (volume.staged) {
      unstage(volume);
    }
  }

  /** Opens the volume, or a copy of the snapshot, compares its bytes and leaves it as it was. */
  void check(ExpectedVolume volume) throws Exception {
    if (volume.snapshot) {
      ExpectedVolume restored = cloneOf(volume, 0);
      check(restored);
      delete(restored);
      return;
    }
    boolean staged = volume.staged;
    boolean published = volume.published;
    if (!staged) {
      stage(volume);
    }
    if (!published) {
      publish(volume);
    }
    volume.assertHoldsAt(target(volume));
    if (!published) {
      unpublish(volume);
    }
    if (!staged) {
      unstage(volume);
    }
  }
}
