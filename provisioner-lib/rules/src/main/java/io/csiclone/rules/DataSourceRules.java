package io.csiclone.rules;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What can be said of {@code dataSource} and {@code dataSourceRef} as written. */
final class DataSourceRules {

  private static final String SNAPSHOT_GROUP = "snapshot.storage.k8s.io";

  private DataSourceRules() {}

  /** Whether the claim names exactly one source that may be looked up. */
  static boolean check(ClaimFacts claim, Findings findings) {
    return known(claim, findings)
        && unanimous(claim, findings)
        && ownNamespace(claim, findings)
        && anotherClaim(claim, findings);
  }

  /** The server empties such a dataSource without a word, unless a dataSourceRef is there too. */
  private static boolean known(ClaimFacts claim, Findings findings) {
    var source = claim.dataSource();
    if (source == null || claim.dataSourceRef() != null || source.isClaim() || isSnapshot(source)) {
      return true;
    }
    findings.add(
        RuleCode.UNKNOWN_DATA_SOURCE,
        "spec.dataSource",
        "%s has a dataSource of kind %s, which the API server drops, leaving an empty volume; a dataSource is a PersistentVolumeClaim without apiGroup or a VolumeSnapshot of %s, anything else goes into dataSourceRef."
            .formatted(claim.label(), kind(source), SNAPSHOT_GROUP));
    return false;
  }

  private static boolean unanimous(ClaimFacts claim, Findings findings) {
    var source = claim.dataSource();
    var ref = claim.dataSourceRef();
    if (source == null || ref == null || claim.cloneSource().isEmpty()) {
      return true;
    }
    if (source.kind().equals(ref.kind())
        && source.name().equals(ref.name())
        && group(source).equals(group(ref))
        && inNamespace(ref.namespace(), claim.namespace())) {
      return true;
    }
    findings.add(
        RuleCode.DATA_SOURCE_CONFLICT,
        "spec.dataSourceRef",
        "%s names %s in dataSource and %s in dataSourceRef; name one source, in one of the two fields or alike in both."
            .formatted(claim.label(), describe(source), describe(ref)));
    return false;
  }

  private static boolean ownNamespace(ClaimFacts claim, Findings findings) {
    var source = claim.cloneSource().orElse(null);
    if (source == null || claim.sourceNamespace().isPresent()) {
      return true;
    }
    findings.add(
        RuleCode.CROSS_NAMESPACE,
        claim.sourceField() + ".namespace",
        "%s names a source in namespace %s; a clone and its source are claims of one namespace, here %s."
            .formatted(claim.label(), source.namespace(), claim.namespace()));
    return false;
  }

  private static boolean anotherClaim(ClaimFacts claim, Findings findings) {
    var source = claim.cloneSource().orElse(null);
    if (source == null
        || claim.name().isEmpty()
        || !source.name().equals(claim.name())
        || !inNamespace(source.namespace(), claim.namespace())) {
      return true;
    }
    findings.add(
        RuleCode.SELF_REFERENCE,
        claim.sourceField() + ".name",
        "%s names itself as its source; name another claim of namespace %s."
            .formatted(claim.label(), claim.namespace()));
    return false;
  }

  private static boolean isSnapshot(DataSource source) {
    return source.kind().equals("VolumeSnapshot") && group(source).equals(SNAPSHOT_GROUP);
  }

  private static boolean inNamespace(@Nullable String namespace, String own) {
    return namespace == null || namespace.isEmpty() || namespace.equals(own);
  }

  private static String group(DataSource source) {
    return Objects.requireNonNullElse(source.apiGroup(), "");
  }

  private static String kind(DataSource source) {
    return group(source).isEmpty() ? source.kind() : source.kind() + "." + group(source);
  }

  private static String describe(DataSource source) {
    var namespace = source.namespace();
    return kind(source)
        + " "
        + (namespace == null || namespace.isEmpty() ? "" : namespace + "/")
        + source.name();
  }
}
