package io.csiclone.csi;

import io.csiclone.csi.VolumeCatalogue.KnownVolume;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A CreateSnapshot call. To the backend a snapshot is a volume like any other, made as a clone is;
 * only that nobody can stage it.
 */
record SnapshotMaking(
    String name, String sourceVolumeId, Map<String, String> parameters, VolumeCatalogue catalogue)
    implements Making {

  @Override
  public String volumeId() {
    return VolumeIds.forSnapshotName(name);
  }

  @Override
  public Set<String> involved() {
    // A request may name the snapshot itself as its source.
    return Stream.of(volumeId(), sourceVolumeId)
        .filter(VolumeIds::wellFormed)
        .collect(Collectors.toSet());
  }

  @Override
  public @Nullable String differenceFrom(VolumeRecord existing) {
    ContentSource source = existing.request().source();
    if (source == null || !source.id().equals(sourceVolumeId)) {
      return "another source (%s)".formatted(source == null ? "none" : source);
    }
    return existing.request().parameters().equals(parameters) ? null : "other parameters";
  }

  @Override
  public VolumeRecord begin() {
    KnownVolume source = catalogue.require(sourceVolumeId);
    VolumeRecord made = source.record();
    if (made == null) {
      throw new Refusal(
          Refusal.Reason.PRECONDITION,
          "Volume %s was not made by this driver, so nobody knows how a restored one is to be used; clone it and take the snapshot of the clone"
              .formatted(sourceVolumeId));
    }
    CreateRequest request =
        CreateRequest.ofSnapshot(name, sourceVolumeId, made.request().capabilities(), parameters);
    return VolumeRecord.populating(volumeId(), request, source.volume().capacityBytes());
  }
}
