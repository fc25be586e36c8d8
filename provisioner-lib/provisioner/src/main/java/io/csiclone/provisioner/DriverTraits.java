package io.csiclone.provisioner;

import io.csiclone.csiproto.ControllerServiceCapability.RPC;
import java.util.Map;
import java.util.Set;

/**
 * What the driver says of itself; asked once, at the start.
 *
 * @param name the driver's name
 * @param controller its controller service's abilities
 * @param topology whether its volumes are not reachable from every node
 * @param segments the topology of the node it runs on; empty unless node-local
 */
record DriverTraits(
    String name, Set<RPC.Type> controller, boolean topology, Map<String, String> segments) {

  DriverTraits {
    controller = Set.copyOf(controller);
    segments = Map.copyOf(segments);
  }

  boolean can(RPC.Type ability) {
    return controller.contains(ability);
  }
}
