package io.csiclone.facts;

import io.csiclone.rules.ClaimFacts;
import io.csiclone.rules.DataSource;
import io.csiclone.rules.SourceFacts;
import io.csiclone.rules.VolumeMode;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimSpec;
import io.fabric8.kubernetes.api.model.Quantity;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads from a claim what the restrictions look at. */
public final class ClaimReader {

  /** Names a claim's class in place of the field; what it says wins. */
  public static final String LEGACY_CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class";

  /** So many of the largest unit still are a long. */
  private static final int MOST_DIGITS = 6;

  private static final BigDecimal MOST = BigDecimal.valueOf(Long.MAX_VALUE);

  private ClaimReader() {}

  /**
   * The facts of a claim that is to be created.
   *
   * @throws IllegalArgumentException when its storage request is not a quantity
   */
  public static ClaimFacts clone(PersistentVolumeClaim claim) {
    var spec = spec(claim);
    var source = spec.getDataSource();
    var ref = spec.getDataSourceRef();
    return new ClaimFacts(
        text(claim.getMetadata().getNamespace()),
        text(claim.getMetadata().getName()),
        source == null
            ? null
            : new DataSource(
                source.getApiGroup(), text(source.getKind()), text(source.getName()), null),
        ref == null
            ? null
            : new DataSource(
                ref.getApiGroup(), text(ref.getKind()), text(ref.getName()), ref.getNamespace()),
        storageClass(claim),
        requestBytes(claim),
        mode(spec.getVolumeMode()),
        modes(spec.getAccessModes()),
        spec.getVolumeName(),
        spec.getSelector() != null,
        selectedNode(claim));
  }

  private static @Nullable String selectedNode(PersistentVolumeClaim claim) {
    var annotations = claim.getMetadata().getAnnotations();
    var node =
        annotations == null ? null : annotations.get(TopologyReader.SELECTED_NODE_ANNOTATION);
    return node == null || node.isEmpty() ? null : node;
  }

  /** The storage class in force; null when none is named, empty when none is wanted. */
  public static @Nullable String storageClass(PersistentVolumeClaim claim) {
    return classInForce(claim.getMetadata().getAnnotations(), spec(claim).getStorageClassName());
  }

  /** What the legacy annotation of a claim or a volume says, else what its field does. */
  static @Nullable String classInForce(
      @Nullable Map<String, String> annotations, @Nullable String field) {
    var legacy = annotations == null ? null : annotations.get(LEGACY_CLASS_ANNOTATION);
    return legacy != null ? legacy : field;
  }

  static SourceFacts source(PersistentVolumeClaim claim) {
    var status = claim.getStatus();
    return new SourceFacts(
        text(claim.getMetadata().getNamespace()),
        text(claim.getMetadata().getName()),
        status == null ? "" : text(status.getPhase()),
        claim.getMetadata().getDeletionTimestamp() != null,
        storageClass(claim),
        requestBytes(claim),
        spec(claim).getVolumeName(),
        modes(spec(claim).getAccessModes()));
  }

  static VolumeMode mode(@Nullable String mode) {
    return VolumeMode.BLOCK.id().equals(mode) ? VolumeMode.BLOCK : VolumeMode.FILESYSTEM;
  }

  /** The storage of a list of resources in bytes, rounded up; 0 when it has none. */
  static long storageBytes(@Nullable Map<String, Quantity> resources) {
    var storage = resources == null ? null : resources.get("storage");
    return storage == null ? 0 : bytes(storage);
  }

  /** A size in bytes, rounded up. */
  static long bytes(Quantity storage) {
    long usual = wholeUnits(storage);
    if (usual >= 0) {
      return usual;
    }
    try {
      var bytes = Quantity.getAmountInBytes(storage).min(MOST).max(BigDecimal.ZERO);
      // Rounded last, for the digits of 1e999999999 would fill the memory; those of its inverse
      // too.
      return bytes.signum() > 0 && bytes.compareTo(BigDecimal.ONE) < 0
          ? 1
          : bytes.setScale(0, RoundingMode.CEILING).longValueExact();
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new IllegalArgumentException(
          "the storage size " + storage + " is not a quantity such as 10Gi", e);
    }
  }

  /**
   * The bytes of a size as nearly all are written, some digits and Ki, Mi, Gi or Ti, at a tenth of
   * the price of exact arithmetic; -1 for any other.
   */
  private static long wholeUnits(Quantity size) {
    var digits = size.getAmount();
    int shift =
        switch (text(size.getFormat())) {
          case "Ki" -> 10;
          case "Mi" -> 20;
          case "Gi" -> 30;
          case "Ti" -> 40;
          default -> -1;
        };
    if (shift < 0 || digits == null || digits.isEmpty() || digits.length() > MOST_DIGITS) {
      return -1;
    }
    long units = 0;
    for (int i = 0; i < digits.length(); i++) {
      int digit = digits.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        return -1;
      }
      units = units * 10 + digit;
    }
    return units << shift;
  }

  private static long requestBytes(PersistentVolumeClaim claim) {
    var resources = spec(claim).getResources();
    return resources == null ? 0 : storageBytes(resources.getRequests());
  }

  private static PersistentVolumeClaimSpec spec(PersistentVolumeClaim claim) {
    return claim.getSpec() == null ? new PersistentVolumeClaimSpec() : claim.getSpec();
  }

  static Set<String> modes(@Nullable List<String> modes) {
    if (modes == null || modes.isEmpty()) {
      return Set.of();
    }
    if (modes.size() == 1 && modes.getFirst() != null) {
      return Set.of(modes.getFirst());
    }
    return modes.stream().filter(Objects::nonNull).collect(Collectors.toUnmodifiableSet());
  }

  static String text(@Nullable String value) {
    return Objects.requireNonNullElse(value, "");
  }
}
