package io.csiclone.csi;

import io.csiclone.csi.VolumeCatalogue.KnownVolume;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A CreateVolume call. */
record VolumeMaking(
    CreateRequest request, VolumeCatalogue catalogue, VolumeBackend backend, Placement placement)
    implements Making {

  @Override
  public String volumeId() {
    return VolumeIds.forName(request.name());
  }

  @Override
  public String name() {
    return request.name();
  }

  @Override
  public Set<String> involved() {
    Set<String> ids = new HashSet<>();
    ids.add(volumeId());
    ContentSource source = request.source();
    if (source != null && VolumeIds.wellFormed(source.id())) {
      ids.add(source.id());
    }
    return ids;
  }

  @Override
  public @Nullable String differenceFrom(VolumeRecord existing) {
    return placement.suits(request.requisite())
        ? existing.request().conflictWith(request, existing.capacityBytes())
        : "another topology (" + placement.segments() + ")";
  }

  @Override
  public VolumeRecord begin() {
    if (!placement.suits(request.requisite())) {
      throw new Refusal(
          Refusal.Reason.EXHAUSTED,
          "accessibility_requirements.requisite excludes "
              + placement.segments()
              + ", the only place where this driver instance makes volumes");
    }
    long capacity = Capacity.choose(request, backend, checkedSource());
    return VolumeRecord.populating(volumeId(), request, capacity);
  }

  private @Nullable BackendVolume checkedSource() {
    if (request.source() == null) {
      return null;
    }
    KnownVolume source = catalogue.require(request.source());
    AccessType made = source.accessType();
    AccessType asked = request.capabilities().accessType();
    if (made != null && made != asked) {
      throw Refusal.invalid(
          "volume_capabilities",
          "ask for %s, but the source %s is %s".formatted(asked, request.source(), made));
    }
    return source.volume();
  }
}
