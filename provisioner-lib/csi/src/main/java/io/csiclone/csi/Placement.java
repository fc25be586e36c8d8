package io.csiclone.csi;

import io.csiclone.csiproto.Topology;
import java.util.List;
import java.util.Map;

/**
 * Where the volumes of this process can be reached from.
 *
 * @param segments the topology segments, empty for everywhere
 */
record Placement(Map<String, String> segments) {

  Placement {
    segments = Map.copyOf(segments);
  }

  boolean isConstrained() {
    return !segments.isEmpty();
  }

  /** Whether a volume made here is reachable from one of the requisite topologies. */
  boolean suits(List<Map<String, String>> requisite) {
    return !isConstrained()
        || requisite.isEmpty()
        || requisite.stream().anyMatch(term -> segments.entrySet().containsAll(term.entrySet()));
  }

  /** As answers carry it: one topology, or none for everywhere. */
  List<Topology> topologies() {
    return isConstrained()
        ? List.of(Topology.newBuilder().putAllSegments(segments).build())
        : List.of();
  }
}
