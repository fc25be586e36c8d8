package io.csiclone.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.csiproto.ControllerGetVolumeRequest;
import io.csiclone.csiproto.ControllerServiceCapability.RPC;
import io.csiclone.csiproto.ListVolumesRequest;
import io.csiclone.csiproto.ListVolumesResponse;
import io.csiclone.csiproto.Volume;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.List;

/** Lists, of a driver that announces LIST_VOLUMES or GET_VOLUME. */
final class ListChecks {

  private ListChecks() {}

  static List<Check> all() {
    return List.of(
        new Check("every volume is listed once, on one page or on many", ListChecks::listedOnce),
        new Check("a deleted volume is not listed", ListChecks::deletedIsGone),
        new Check("a token that is none is ABORTED", ListChecks::strangeToken),
        new Check("a clone is described as it was answered", ListChecks::described),
        new Check(
            "describing a volume that never was is NOT_FOUND, whatever its id",
            ListChecks::describeUnknown));
  }

  private static void listedOnce(Trial trial) throws Exception {
    trial.requireController(RPC.Type.LIST_VOLUMES);
    Volume source = trial.makeEmpty();
    List<String> ids =
        List.of(
            source.getVolumeId(),
            trial.make(trial.cloneOf(source, Trial.newName())).getVolumeId(),
            trial.makeEmpty().getVolumeId());
    for (int pageSize : new int[] {0, 1, 2}) {
      assertThat(list(trial, pageSize))
          .as("with max_entries " + pageSize)
          .filteredOn(ids::contains)
          .containsExactlyInAnyOrderElementsOf(ids);
    }
  }

  private static void deletedIsGone(Trial trial) throws Exception {
    trial.requireController(RPC.Type.LIST_VOLUMES);
    Volume volume = trial.makeEmpty();
    assertThat(list(trial, 0)).contains(volume.getVolumeId());
    trial.delete(volume);
    assertThat(list(trial, 0)).doesNotContain(volume.getVolumeId());
  }

  private static void strangeToken(Trial trial) throws Exception {
    trial.requireController(RPC.Type.LIST_VOLUMES);
    // The first one could be an id.
    for (String token : List.of("invalid-token", "no such token !")) {
      // Not patiently: ABORTED is the answer, not a wish to be asked again.
      try {
        var page =
            trial
                .client
                .controller()
                .listVolumes(ListVolumesRequest.newBuilder().setStartingToken(token).build());
        throw new AssertionError("must be refused with ABORTED, but was answered with\n" + page);
      } catch (StatusRuntimeException e) {
        assertThat(e.getStatus().getCode()).isEqualTo(Code.ABORTED);
      }
    }
  }

  private static void described(Trial trial) throws Exception {
    trial.requireController(RPC.Type.GET_VOLUME);
    Volume source = trial.makeEmpty();
    Volume clone = trial.make(trial.cloneOf(source, Trial.newName()));
    assertThat(describe(trial, clone.getVolumeId())).isEqualTo(clone);
  }

  private static void describeUnknown(Trial trial) throws Exception {
    trial.requireController(RPC.Type.GET_VOLUME);
    for (String id : Requests.UNKNOWN_IDS) {
      trial.assertRefused(() -> describe(trial, id), Code.NOT_FOUND);
    }
  }

  private static Volume describe(Trial trial, String volumeId) {
    return trial
        .client
        .controller()
        .controllerGetVolume(ControllerGetVolumeRequest.newBuilder().setVolumeId(volumeId).build())
        .getVolume();
  }

  /** The ids on all pages. */
  private static List<String> list(Trial trial, int pageSize) {
    List<String> ids = new ArrayList<>();
    String token = "";
    do {
      ListVolumesResponse page =
          trial
              .client
              .controller()
              .listVolumes(
                  ListVolumesRequest.newBuilder()
                      .setMaxEntries(pageSize)
                      .setStartingToken(token)
                      .build());
      if (pageSize != 0) {
        assertThat(page.getEntriesCount()).as("entries of a page").isLessThanOrEqualTo(pageSize);
      }
      page.getEntriesList().forEach(entry -> ids.add(entry.getVolume().getVolumeId()));
      token = page.getNextToken();
    } while (!token.isEmpty());
    assertThat(ids).as("volume ids").doesNotContain("");
    return ids;
  }
}
