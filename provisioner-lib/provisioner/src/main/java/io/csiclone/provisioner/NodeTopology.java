package io.csiclone.provisioner;

import io.csiclone.csiproto.Topology;
import io.csiclone.csiproto.TopologyRequirement;
import io.csiclone.facts.TopologyReader;
import io.csiclone.rules.NodeFacts;
import io.fabric8.kubernetes.api.model.NodeSelector;
import io.fabric8.kubernetes.api.model.NodeSelectorBuilder;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.NodeSelectorTermBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The one node a node-local driver serves.
 *
 * @param nodeName its name in the cluster
 * @param segments its topology as the driver says
 */
record NodeTopology(String nodeName, Map<String, String> segments) implements Placement {

  /** Every volume is made here, and what cannot be is not asked for. */
  @Override
  public Place of(Claim claim, StorageClass storageClass, @Nullable CloneSource source) {
    return new Place.Here(requirement());
  }

  /** What a volume made here has to be reachable from; null when the driver has no topology. */
  @Nullable TopologyRequirement requirement() {
    if (segments.isEmpty()) {
      return null;
    }
    var here = Topology.newBuilder().putAllSegments(segments);
    return TopologyRequirement.newBuilder().addRequisite(here).addPreferred(here).build();
  }

  /** Whether {@code volume} says where it is, and so which node has to deal with it. */
  static boolean isPlaced(PersistentVolume volume) {
    return TopologyReader.affinity(volume) != null;
  }

  /** Whether {@code volume} can be reached from this node; one that names no place can. */
  boolean reaches(PersistentVolume volume) {
    var affinity = TopologyReader.affinity(volume);
    // Volumes made by hand are often tied to a node by its host name label.
    var labels = new HashMap<>(Map.of("kubernetes.io/hostname", nodeName));
    labels.putAll(segments);
    return affinity == null || affinity.admits(new NodeFacts(nodeName, labels));
  }

  /** A volume's node affinity: any one of the topologies it can be reached from; null for none. */
  static @Nullable NodeSelector affinity(List<Topology> accessible) {
    var terms =
        accessible.stream()
            .filter(topology -> topology.getSegmentsCount() > 0)
            .map(NodeTopology::term)
            .toList();
    return terms.isEmpty() ? null : new NodeSelectorBuilder().withNodeSelectorTerms(terms).build();
  }

  private static NodeSelectorTerm term(Topology topology) {
    var term = new NodeSelectorTermBuilder();
    new TreeMap<>(topology.getSegmentsMap())
        .forEach((key, value) ->
            term.addNewMatchExpression()
                .withKey(key)
                .withOperator("In")
                .withValues(value)
                .endMatchExpression());
    return term.build();
  }
}
