package io.csiclone.rules;

/** Whether the clone can be made where the source's volume can be reached. */
final class TopologyRules {

  /** By it the scheduler, or a user, says on which node a claim's volume is to be made. */
  private static final String NODE_FIELD =
      "metadata.annotations[volume.kubernetes.io/selected-node]";

  private TopologyRules() {}

  static void check(CloneFacts facts, SourceFacts source, VolumeFacts volume, Findings findings) {
    var affinity = volume.nodeAffinity();
    if (affinity == null) {
      return;
    }
    var claim = facts.claim();
    var node = facts.surroundings().selectedNode();
    var target = facts.targetClass();
    if (node != null) {
      if (!affinity.admits(node)) {
        findings.add(
            RuleCode.TOPOLOGY_CONFLICT,
            NODE_FIELD,
            "%s is to be made on node %s, from which volume %s of %s cannot be reached; select one of the %s."
                .formatted(
                    claim.label(), node.name(), volume.name(), source.label(), affinity.words()));
      }
    } else if (target != null
        && !target.allowedTopologies().isEmpty()
        && !affinity.mayAdmit(target.allowedTopologies())) {
      findings.add(
          RuleCode.TOPOLOGY_CONFLICT,
          "spec.storageClassName",
          "storage class %s makes volumes with %s only, but volume %s of %s can only be reached from %s; use a class that makes volumes there."
              .formatted(
                  target.name(),
                  NodeAffinity.words(target.allowedTopologies()),
                  volume.name(),
                  source.label(),
                  affinity.words()));
    }
  }
}
