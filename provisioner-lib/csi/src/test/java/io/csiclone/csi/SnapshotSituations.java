package io.csiclone.csi;

import static io.csiclone.csi.Situation.source;
import static io.csiclone.csi.Situation.started;
import static io.csiclone.csi.Situation.whileCloned;
import static io.csiclone.csi.Situation.withVolume;
import static io.csiclone.csi.TestDriver.MIB;
import static io.csiclone.csi.TestDriver.request;

import io.csiclone.csiproto.CreateSnapshotRequest;
import io.csiclone.csiproto.DeleteSnapshotRequest;
import io.csiclone.csiproto.ListSnapshotsRequest;
import io.csiclone.csiproto.VolumeContentSource;
import io.grpc.StatusRuntimeException;
import java.nio.file.Files;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;

/** The rows of the calls about snapshots. */
final class SnapshotSituations {

  private SnapshotSituations() {}

  static Map<String, Situation> all() {
    Map<String, Situation> all = new TreeMap<>();
    String create = "CreateSnapshot: ";
    all.put(create + "the snapshot is taken", withVolume((d, id) -> take(d, "a", id)));
    all.put(
        create + "`name` or `source_volume_id` is missing", withVolume((d, id) -> take(d, "", id)));
    all.put(create + "the source does not exist", started(d -> take(d, "a", "nowhere")));
    all.put(
        create + "the name exists with another source or parameter",
        withVolume((d, id) -> {
          take(d, "a", id);
          take(d, "a", d.create(request("other", MIB)).getVolumeId());
        }));
    all.put(create + "the snapshot is still being taken", whileCloned((d, id) -> take(d, "a", id)));
    all.put(
        create + "the driver has not made the source itself",
        started(d -> {
          Files.write(d.backend.file("stranger"), new byte[4096]);
          take(d, "a", "stranger");
        }));

    String delete = "DeleteSnapshot: ";
    all.put(delete + "`snapshot_id` is missing", started(d -> drop(d, "")));
    all.put(
        delete + "the snapshot does not exist, whatever its id looks like",
        started(d -> drop(d, "../nowhere")));
    all.put(
        delete + "a volume is being made of it",
        started(d -> {
          String snapshot = take(d, "a", source(d));
          d.stop();
          d.backend.gate = new CountDownLatch(1);
          d.answeringWithin(Situation.IMPATIENT).start();
          try {
            d.create(
                request("restored", MIB)
                    .setVolumeContentSource(
                        VolumeContentSource.newBuilder()
                            .setSnapshot(
                                VolumeContentSource.SnapshotSource.newBuilder()
                                    .setSnapshotId(snapshot))));
          } catch (StatusRuntimeException e) {
            drop(d, snapshot);
          }
        }));

    all.put(
        "ListSnapshots: the id or source that is asked for does not exist; the list is empty",
        started(d ->
            d.controller()
                .listSnapshots(
                    ListSnapshotsRequest.newBuilder().setSnapshotId("nowhere").build())));
    all.put(
        "ListSnapshots: `starting_token` was not given out by this driver",
        started(d ->
            d.controller()
                .listSnapshots(ListSnapshotsRequest.newBuilder().setStartingToken("?").build())));
    return all;
  }

  private static String take(TestDriver driver, String name, String sourceId) {
    return driver
        .controller()
        .createSnapshot(
            CreateSnapshotRequest.newBuilder().setName(name).setSourceVolumeId(sourceId).build())
        .getSnapshot()
        .getSnapshotId();
  }

  private static void drop(TestDriver driver, String snapshotId) {
    var _ =
        driver
            .controller()
            .deleteSnapshot(DeleteSnapshotRequest.newBuilder().setSnapshotId(snapshotId).build());
  }
}
