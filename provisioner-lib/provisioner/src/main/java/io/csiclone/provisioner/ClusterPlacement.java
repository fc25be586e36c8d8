package io.csiclone.provisioner;

import io.csiclone.csiproto.Topology;
import io.csiclone.csiproto.TopologyRequirement;
import io.csiclone.facts.TopologyReader;
import io.csiclone.rules.NodeAffinity;
import io.csiclone.rules.NodeFacts;
import io.csiclone.rules.RuleCode;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Places the volumes of a driver with topology that one provisioner serves for all nodes: where the
 * class allows it and, once the scheduler has selected a node, where that node is; a clone where
 * its source is, which external-provisioner leaves to chance.
 */
final class ClusterPlacement implements Placement {

  /** A StatefulSet's claims end with the number of their replica. */
  private static final Pattern ORDINAL = Pattern.compile("(.*)-(\\d{1,9})");

  private final ClusterNodes nodes;
  private final boolean strict;
  private final boolean immediateTopology;

  /**
   * Prepares placing.
   *
   * @param strict whether a volume for a selected node has to be reachable from there and is asked
   *     for nowhere else
   * @param immediateTopology whether a volume that no pod waits for is asked for with all
   *     topologies of the cluster, or else with none
   */
  ClusterPlacement(ClusterNodes nodes, boolean strict, boolean immediateTopology) {
    this.nodes = nodes;
    this.strict = strict;
    this.immediateTopology = immediateTopology;
  }

  @Override
  public Place of(Claim claim, StorageClass storageClass, @Nullable CloneSource source) {
    String selected = claim.selectedNode();
    Map<String, String> here = Map.of();
    if (selected != null) {
      NodeFacts node = nodes.node(selected);
      Set<String> keys = nodes.topologyKeys(selected);
      if (node == null || keys == null) {
        return new Place.Elsewhere("node " + selected + " is gone or has not got the driver");
      }
      here = segments(node, keys);
      Place.Elsewhere apart = apartFromSource(claim, source, node);
      if (apart != null) {
        return apart;
      }
      if (here.isEmpty()) {
        return new Place.Here(null);
      }
    }
    SequencedSet<Map<String, String>> allowed = products(TopologyReader.allowed(storageClass));
    if (selected != null && !allowed.isEmpty() && allowed.stream().noneMatch(within(here))) {
      throw new ProvisioningException(
          "node %s is in %s, where storage class %s does not allow volumes"
              .formatted(selected, here, storageClass.getMetadata().getName()));
    }
    if (selected != null && strict) {
      return requirement(List.of(here), List.of(here));
    }
    List<Map<String, String>> requisite = requisite(allowed, selected == null, here.keySet());
    requisite = nearSource(requisite, source);
    if (requisite.isEmpty()) {
      return new Place.Here(null);
    }
    return requirement(
        requisite, selected == null ? rotated(requisite, claim) : first(requisite, here));
  }

  /** What the driver's topology keys are on a node. */
  private static Map<String, String> segments(NodeFacts node, Set<String> keys) {
    var segments = new TreeMap<String, String>();
    for (String key : keys) {
      String value = node.labels().get(key);
      if (value == null) {
        throw new ProvisioningException(
            "node %s lacks the label %s, by which the driver tells its places"
                .formatted(node.name(), key));
      }
      segments.put(key, value);
    }
    return segments;
  }

  private static Place.@Nullable Elsewhere apartFromSource(
      Claim claim, @Nullable CloneSource source, NodeFacts node) {
    NodeAffinity affinity = source == null ? null : TopologyReader.affinity(source.volume());
    if (source == null || affinity == null || affinity.admits(node)) {
      return null;
    }
    return new Place.Elsewhere(
        CloneSource.outOfReach(source.volume(), source.claim(), node.name()));
  }

  private List<Map<String, String>> requisite(
      Set<Map<String, String>> allowed, boolean immediate, Set<String> keys) {
    if (!allowed.isEmpty()) {
      return List.copyOf(allowed);
    }
    if (immediate && !immediateTopology) {
      return List.of();
    }
    List<Map<String, String>> all =
        nodes.withDriver().entrySet().stream()
            .filter(node -> !node.getValue().isEmpty())
            .filter(node -> immediate || node.getValue().equals(keys))
            .filter(node -> node.getKey().labels().keySet().containsAll(node.getValue()))
            .map(node -> segments(node.getKey(), node.getValue()))
            .distinct()
            .sorted(Comparator.comparing(Map::toString))
            .toList();
    if (all.isEmpty()) {
      throw new ProvisioningException("the driver runs on no node that says where it is");
    }
    return all;
  }

  /**
   * Those places from which the source's volume can be reached, if it says from where; where it is
   * itself, if any place would do.
   */
  private static List<Map<String, String>> nearSource(
      List<Map<String, String>> places, @Nullable CloneSource source) {
    NodeAffinity affinity = source == null ? null : TopologyReader.affinity(source.volume());
    if (source == null || affinity == null) {
      return places;
    }
    if (places.isEmpty()) {
      return List.copyOf(
          products(affinity.terms().stream().map(ClusterPlacement::values).toList()));
    }
    List<Map<String, String>> near =
        places.stream().filter(place -> affinity.admits(new NodeFacts("", place))).toList();
    if (near.isEmpty()) {
      throw new ProvisioningException(
          "%s: volume %s of source claim %s cannot be reached from any place where the clone may be"
              .formatted(RuleCode.TOPOLOGY_CONFLICT.id(), source.volumeName(), source.claim()));
    }
    return near;
  }

  private static Map<String, Set<String>> values(NodeAffinity.Term term) {
    return term.labels().stream()
        .filter(label -> label.operator().equals("In"))
        .collect(
            Collectors.toMap(
                NodeAffinity.Requirement::key,
                label -> Set.copyOf(label.values()),
                (one, other) -> one));
  }

  /** Every combination of the values that each term allows. */
  private static SequencedSet<Map<String, String>> products(List<Map<String, Set<String>>> terms) {
    var all = new LinkedHashSet<Map<String, String>>();
    for (Map<String, Set<String>> term : terms) {
      List<Map<String, String>> combinations = List.of(Map.of());
      for (var label : new TreeMap<>(term).entrySet()) {
        combinations =
            combinations.stream()
                .flatMap(begun ->
                    label.getValue().stream()
                        .sorted()
                        .map(value -> {
                          var longer = new TreeMap<>(begun);
                          longer.put(label.getKey(), value);
                          return (Map<String, String>) longer;
                        }))
                .toList();
      }
      combinations.stream().filter(one -> !one.isEmpty()).forEach(all::add);
    }
    return all;
  }

  private static Predicate<Map<String, String>> within(Map<String, String> here) {
    return place -> here.entrySet().containsAll(place.entrySet());
  }

  /** Begins with another one for each claim, so that they spread, and one after the other. */
  private static List<Map<String, String>> rotated(List<Map<String, String>> places, Claim claim) {
    Matcher replica = ORDINAL.matcher(claim.key().name());
    String set = replica.matches() ? replica.group(1) : claim.key().name();
    int ordinal = replica.matches() ? Integer.parseInt(replica.group(2)) : 0;
    var rotated = new ArrayList<>(places);
    Collections.rotate(rotated, -Math.floorMod(set.hashCode() + ordinal, places.size()));
    return rotated;
  }

  /** Begins with the place of the selected node. */
  private static List<Map<String, String>> first(
      List<Map<String, String>> places, Map<String, String> here) {
    return places.stream()
        .sorted(Comparator.comparing(place -> !within(here).test(place)))
        .collect(Collectors.toList());
  }

  private static Place requirement(
      List<Map<String, String>> requisite, List<Map<String, String>> preferred) {
    var requirement = TopologyRequirement.newBuilder();
    requisite.forEach(place -> requirement.addRequisite(topology(place)));
    preferred.forEach(place -> requirement.addPreferred(topology(place)));
    return new Place.Here(requirement.build());
  }

  private static Topology topology(Map<String, String> place) {
    return Topology.newBuilder().putAllSegments(place).build();
  }
}
