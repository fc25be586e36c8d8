package io.csiclone.csi;

import static io.csiclone.csi.Situation.plainly;
import static io.csiclone.csi.Situation.started;
import static io.csiclone.csi.Situation.whileCloned;
import static io.csiclone.csi.Situation.whileStaged;
import static io.csiclone.csi.Situation.withVolume;
import static io.csiclone.csi.TestDriver.MIB;
import static io.csiclone.csi.TestDriver.block;
import static io.csiclone.csi.TestDriver.cloneRequest;
import static io.csiclone.csi.TestDriver.request;

import io.csiclone.csiproto.CapacityRange;
import io.csiclone.csiproto.ControllerExpandVolumeRequest;
import io.csiclone.csiproto.ControllerGetVolumeRequest;
import io.csiclone.csiproto.ControllerPublishVolumeRequest;
import io.csiclone.csiproto.DeleteVolumeRequest;
import io.csiclone.csiproto.GetCapacityRequest;
import io.csiclone.csiproto.ListVolumesRequest;
import io.csiclone.csiproto.Topology;
import io.csiclone.csiproto.TopologyRequirement;
import io.csiclone.csiproto.ValidateVolumeCapabilitiesRequest;
import io.csiclone.csiproto.VolumeCapability.AccessMode.Mode;
import io.csiclone.csiproto.VolumeContentSource;
import java.util.Map;
import java.util.TreeMap;

/** The rows of the calls about volumes. */
final class ControllerSituations {

  private ControllerSituations() {}

  static Map<String, Situation> all() {
    Map<String, Situation> all = new TreeMap<>();
    String create = "CreateVolume: ";
    all.put(create + "the volume is made", started(d -> d.create(request("a", MIB))));
    all.put(
        create + "the name exists and the volume would do",
        started(d -> {
          d.create(request("a", MIB));
          d.create(request("a", MIB));
        }));
    all.put(
        create + "a field is missing or malformed",
        started(d -> d.create(request("a", MIB).clearVolumeCapabilities())));
    all.put(
        create + "`capacity_range` contradicts itself",
        started(d ->
            d.create(
                request("a", MIB)
                    .setCapacityRange(
                        CapacityRange.newBuilder().setRequiredBytes(2).setLimitBytes(1)))));
    all.put(
        create + "the capabilities contradict each other",
        started(d ->
            d.create(request("a", MIB).addVolumeCapabilities(block(Mode.SINGLE_NODE_WRITER)))));
    all.put(
        create + "the driver does not take a parameter of the class, or its value",
        started(d -> d.create(request("a", MIB).putParameters("unknown", "x"))));
    all.put(
        create + "`mutable_parameters` are given",
        started(d -> d.create(request("a", MIB).putMutableParams("a", "b"))));
    all.put(
        create + "a block volume is asked of a source with a filesystem, or the other way",
        withVolume((d, id) ->
            d.create(
                cloneRequest("a", MIB, id)
                    .clearVolumeCapabilities()
                    .addVolumeCapabilities(block(Mode.SINGLE_NODE_WRITER)))));
    all.put(
        create + "the source volume does not exist",
        started(d -> d.create(cloneRequest("a", MIB, "nowhere"))));
    all.put(
        create + "the source snapshot does not exist",
        started(d ->
            d.create(
                request("a", MIB)
                    .setVolumeContentSource(
                        VolumeContentSource.newBuilder()
                            .setSnapshot(
                                VolumeContentSource.SnapshotSource.newBuilder()
                                    .setSnapshotId("nowhere"))))));
    all.put(
        create + "the name exists with another size, source, capability, parameter or place",
        withVolume((d, id) -> d.create(request("source", 2 * MIB))));
    all.put(
        create + "the name exists as a clone in the making, of something else",
        whileCloned((d, id) -> d.create(request("clone", MIB))));
    all.put(
        create + "the volume is still being made",
        whileCloned((d, id) -> d.create(cloneRequest("clone", MIB, id))));
    all.put(
        create + "another call on the source is running",
        whileStaged((d, id) -> d.create(cloneRequest("clone", MIB, id))));
    all.put(
        create + "the source is larger than what is asked for",
        withVolume((d, id) -> d.create(cloneRequest("a", MIB / 2, id))));
    all.put(
        create + "`limit_bytes` is below what the driver can make",
        started(d ->
            d.create(
                request("a", 0).setCapacityRange(CapacityRange.newBuilder().setLimitBytes(1)))));
    all.put(
        create + "there is no room",
        started(d -> {
          d.backend.room = 1;
          d.create(request("a", MIB));
        }));
    all.put(
        create + "the volume is wanted in another place",
        started(d ->
            d.create(
                request("a", MIB)
                    .setAccessibilityRequirements(
                        TopologyRequirement.newBuilder()
                            .addRequisite(
                                Topology.newBuilder()
                                    .putSegments("topology.test/node", "there"))))));
    all.put(
        create + "the source is in use in a way that the class rules out",
        withVolume((d, id) -> {
          d.backend.sourcesInUse = true;
          d.create(cloneRequest("a", MIB, id));
        }));
    all.put(
        create + "the storage or the driver fails",
        started(d -> d.create(request("a", MIB).putParameters("bug", "x"))));

    String delete = "DeleteVolume: ";
    all.put(
        delete + "`volume_id` is missing",
        started(d -> d.controller().deleteVolume(DeleteVolumeRequest.getDefaultInstance())));
    all.put(
        delete + "the volume does not exist, whatever its id looks like",
        started(d -> d.delete("../nowhere")));
    all.put(
        delete + "the volume is in the making, which is stopped",
        whileCloned((d, id) -> {
          d.stop();
          d.answeringWithin(Situation.PATIENT).start();
          d.delete(VolumeIds.forName("clone"));
        }));
    all.put(delete + "the volume is being cloned", whileCloned(TestDriver::delete));
    all.put(
        delete + "the volume is in use",
        withVolume((d, id) -> {
          d.backend.sourcesInUse = true;
          d.delete(id);
        }));
    all.put(delete + "another call on the volume is running", whileStaged(TestDriver::delete));

    String validate = "ValidateVolumeCapabilities: ";
    all.put(
        validate + "`volume_id` or `volume_capabilities` is missing",
        withVolume((d, id) ->
            d.controller()
                .validateVolumeCapabilities(
                    ValidateVolumeCapabilitiesRequest.newBuilder().setVolumeId(id).build())));
    all.put(
        validate + "the volume does not exist",
        started(d -> d.controller().validateVolumeCapabilities(validate("nowhere"))));
    all.put(
        validate + "the volume cannot do what is asked; `message` says why",
        withVolume((d, id) -> d.controller().validateVolumeCapabilities(validate(id))));

    all.put(
        "ListVolumes: `max_entries` is negative",
        started(d ->
            d.controller().listVolumes(ListVolumesRequest.newBuilder().setMaxEntries(-1).build())));
    all.put(
        "ListVolumes: `starting_token` was not given out by this driver",
        started(d ->
            d.controller()
                .listVolumes(ListVolumesRequest.newBuilder().setStartingToken("?").build())));

    all.put(
        "GetCapacity: the driver does not know",
        plainly((d, id) -> d.controller().getCapacity(GetCapacityRequest.getDefaultInstance())));
    all.put(
        "GetCapacity: another place is asked about; the answer is 0",
        started(d ->
            d.controller()
                .getCapacity(
                    GetCapacityRequest.newBuilder()
                        .setAccessibleTopology(
                            Topology.newBuilder().putSegments("topology.test/node", "there"))
                        .build())));

    String get = "ControllerGetVolume: ";
    all.put(get + "`volume_id` is missing", started(d -> get(d, "")));
    all.put(get + "the volume does not exist", started(d -> get(d, "nowhere")));
    all.put(
        get + "the volume is still being made",
        whileCloned((d, id) -> get(d, VolumeIds.forName("clone"))));

    String expand = "ControllerExpandVolume: ";
    all.put(
        expand + "`volume_id` or `capacity_range` is missing",
        withVolume((d, id) ->
            d.controller()
                .controllerExpandVolume(
                    ControllerExpandVolumeRequest.newBuilder().setVolumeId(id).build())));
    all.put(expand + "the volume does not exist", started(d -> expand(d, "nowhere", 2 * MIB, 0)));
    all.put(
        expand + "`limit_bytes` is below the size that it has",
        withVolume((d, id) -> expand(d, id, 0, 1)));
    all.put(
        expand + "there is no room",
        withVolume((d, id) -> {
          d.backend.room = MIB;
          expand(d, id, 2 * MIB, 0);
        }));
    all.put(
        expand + "the volume is being cloned", whileCloned((d, id) -> expand(d, id, 2 * MIB, 0)));
    all.put(expand + "the driver cannot", plainly((d, id) -> expand(d, id, 2 * MIB, 0)));

    all.put(
        "ControllerPublishVolume: always: nothing is to be done there",
        started(d ->
            d.controller()
                .controllerPublishVolume(ControllerPublishVolumeRequest.getDefaultInstance())));
    return all;
  }

  private static ValidateVolumeCapabilitiesRequest validate(String volumeId) {
    return ValidateVolumeCapabilitiesRequest.newBuilder()
        .setVolumeId(volumeId)
        .addVolumeCapabilities(block(Mode.SINGLE_NODE_WRITER))
        .build();
  }

  private static void get(TestDriver driver, String volumeId) {
    var _ =
        driver
            .controller()
            .controllerGetVolume(
                ControllerGetVolumeRequest.newBuilder().setVolumeId(volumeId).build());
  }

  private static void expand(TestDriver driver, String volumeId, long required, long limit) {
    var _ =
        driver
            .controller()
            .controllerExpandVolume(
                ControllerExpandVolumeRequest.newBuilder()
                    .setVolumeId(volumeId)
                    .setCapacityRange(
                        CapacityRange.newBuilder().setRequiredBytes(required).setLimitBytes(limit))
                    .build());
  }
}
