package io.csiclone.facts;

import io.csiclone.rules.ClaimFacts;
import io.csiclone.rules.CloneFacts;
import io.csiclone.rules.DataSource;
import io.csiclone.rules.RulePolicy;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Follows a clone to its class, its source, and on to the source's volume and driver. A source
 * elsewhere is not looked up unless that was granted, so that no answer depends on what is there.
 */
final class Gathering {

  private Gathering() {}

  static CloneFacts gather(ClaimFacts facts, Lookup lookup) {
    var target = named(facts.storageClassName()).flatMap(lookup::targetClass).orElse(null);
    var source =
        facts
            .sourceNamespace()
            .flatMap(space -> source(facts).flatMap(name -> lookup.source(space, name)))
            .orElse(null);
    if (source == null) {
      return new CloneFacts(facts, null, null, target, null);
    }
    var volume =
        named(source.facts().volumeName())
            .flatMap(name -> lookup.volumeOf(source, name))
            .orElse(null);
    var driver =
        volume == null ? null : named(volume.csiDriver()).map(lookup::driverBehind).orElse(null);
    return new CloneFacts(facts, source.facts(), volume, target, driver);
  }

  /** The policy for the clone: the cluster's, as changed by its namespace, then by its class. */
  static RulePolicy policy(ClaimFacts facts, RulePolicy policy, Lookup lookup) {
    var adapted =
        lookup
            .labels(facts.namespace())
            .map(labels -> policy.inNamespace(facts.namespace(), labels))
            .orElse(policy);
    var storageClass = named(facts.storageClassName()).flatMap(lookup::storageClass).orElse(null);
    return storageClass == null
        ? adapted
        : adapted.forClass(
            storageClass.getMetadata().getName(), storageClass.getMetadata().getAnnotations());
  }

  private static Optional<String> source(ClaimFacts clone) {
    return clone.cloneSource().map(DataSource::name).filter(name -> !name.isEmpty());
  }

  private static Optional<String> named(@Nullable String name) {
    return Optional.ofNullable(name).filter(text -> !text.isEmpty());
  }
}
