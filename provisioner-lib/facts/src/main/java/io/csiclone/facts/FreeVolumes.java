package io.csiclone.facts;

import io.csiclone.rules.ClaimFacts;
import io.csiclone.rules.FreeVolumeFacts;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeSpec;
import io.fabric8.kubernetes.client.informers.cache.Indexer;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Finds the volume that Kubernetes would bind to a claim instead of having one made. */
final class FreeVolumes {

  /** The index by class or by reservation; it holds no volume that is not free. */
  static final String INDEX = "free";

  /** The reserved volume first, then the smallest, as the binder has it. */
  private static final Comparator<FreeVolumeFacts> BEST_FIRST =
      Comparator.comparing((FreeVolumeFacts volume) -> volume.reservedFor() == null)
          .thenComparingLong(FreeVolumeFacts::capacityBytes)
          .thenComparing(FreeVolumeFacts::name);

  /** How many volumes are looked at again; those taken meanwhile are few. */
  private static final int MOST_TRIED = 3;

  private FreeVolumes() {}

  /** Where the index has this volume. */
  static List<String> keys(PersistentVolume volume) {
    return read(volume)
        .map(free ->
            free.reservedFor() == null
                ? ofClass(free.storageClassName())
                : reservedFor(free.reservedFor()))
        .map(List::of)
        .orElse(List.of());
  }

  /**
   * @param index what may be out of date
   * @param lookup what is believed of a volume in the end
   */
  static @Nullable FreeVolumeFacts find(
      ClaimFacts claim, Indexer<PersistentVolume> index, Lookup lookup) {
    var free = index.byIndex(INDEX, ofClass(claim.storageClassName()));
    var reserved = index.byIndex(INDEX, reservedFor(claim.namespace() + "/" + claim.name()));
    if (free.isEmpty() && reserved.isEmpty()) {
      return null;
    }
    return Stream.concat(free.stream(), reserved.stream())
        .flatMap(volume -> read(volume).stream())
        .filter(volume -> volume.fits(claim))
        .sorted(BEST_FIRST)
        .limit(MOST_TRIED)
        .flatMap(volume -> lookup.volume(volume.name()).flatMap(FreeVolumes::read).stream())
        .filter(volume -> volume.fits(claim))
        .findFirst()
        .orElse(null);
  }

  /** Empty for a volume that is not free. */
  private static Optional<FreeVolumeFacts> read(PersistentVolume volume) {
    var spec = volume.getSpec() == null ? new PersistentVolumeSpec() : volume.getSpec();
    var ref = spec.getClaimRef();
    var phase = volume.getStatus() == null ? null : volume.getStatus().getPhase();
    // A reference with a uid is to a claim that exists or has existed, not to a new one.
    boolean taken = ref != null && ref.getUid() != null && !ref.getUid().isEmpty();
    if (taken
        || !Objects.equals(phase, "Available")
        || volume.getMetadata().getDeletionTimestamp() != null) {
      return Optional.empty();
    }
    return Optional.of(
        new FreeVolumeFacts(
            ClaimReader.text(volume.getMetadata().getName()),
            ClaimReader.classInForce(
                volume.getMetadata().getAnnotations(), spec.getStorageClassName()),
            ClaimReader.storageBytes(spec.getCapacity()),
            ClaimReader.mode(spec.getVolumeMode()),
            spec.getAccessModes() == null ? Set.of() : Set.copyOf(spec.getAccessModes()),
            ref == null ? null : ref.getNamespace() + "/" + ref.getName()));
  }

  private static String ofClass(@Nullable String className) {
    return "class:" + ClaimReader.text(className);
  }

  private static String reservedFor(String claim) {
    return "claim:" + claim;
  }
}
