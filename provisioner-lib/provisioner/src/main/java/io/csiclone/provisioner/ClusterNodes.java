package io.csiclone.provisioner;

import io.csiclone.rules.NodeFacts;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.storage.CSINode;
import io.fabric8.kubernetes.api.model.storage.CSINodeDriver;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The nodes as last seen, and the driver's topology keys on them. */
final class ClusterNodes implements AutoCloseable {

  private final String driverName;
  private final SharedIndexInformer<Node> nodes;
  private final SharedIndexInformer<CSINode> csiNodes;

  /**
   * Prepares; nothing is watched yet.
   *
   * @param changed told when the driver may have come to other places, or gone from some
   */
  ClusterNodes(KubernetesClient client, String driverName, Runnable changed) {
    this.driverName = driverName;
    nodes = client.nodes().runnableInformer(0);
    csiNodes = client.storage().v1().csiNodes().runnableInformer(0);
    nodes.addEventHandler(new Changes<>(changed, node -> node.getMetadata().getLabels()));
    csiNodes.addEventHandler(new Changes<>(changed, this::keys));
    nodes.exceptionHandler((started, failure) -> started);
    csiNodes.exceptionHandler((started, failure) -> started);
  }

  /** Tells of what comes, goes, or is another in what counts. */
  private record Changes<T>(Runnable changed, Function<T, @Nullable Object> whatCounts)
      implements ResourceEventHandler<T> {
    @Override
    public void onAdd(T object) {
      changed.run();
    }

    @Override
    public void onUpdate(T before, T object) {
      if (!Objects.equals(whatCounts.apply(before), whatCounts.apply(object))) {
        changed.run();
      }
    }

    @Override
    public void onDelete(T object, boolean unseen) {
      changed.run();
    }
  }

  /** Completes when all nodes have been listed. */
  CompletableFuture<Void> start() {
    return CompletableFuture.allOf(
        nodes.start().toCompletableFuture(), csiNodes.start().toCompletableFuture());
  }

  boolean synced() {
    return nodes.hasSynced() && csiNodes.hasSynced();
  }

  @Nullable NodeFacts node(String name) {
    Node node = nodes.getStore().getByKey(name);
    return node == null ? null : facts(node);
  }

  private static NodeFacts facts(Node node) {
    Map<String, String> labels = node.getMetadata().getLabels();
    return new NodeFacts(node.getMetadata().getName(), labels == null ? Map.of() : labels);
  }

  /** The labels that tell the driver's places on that node; null when it does not run there. */
  @Nullable Set<String> topologyKeys(String node) {
    CSINode found = csiNodes.getStore().getByKey(node);
    return found == null ? null : keys(found).orElse(null);
  }

  private Optional<Set<String>> keys(CSINode node) {
    List<CSINodeDriver> drivers = node.getSpec().getDrivers();
    return drivers.stream()
        .filter(driver -> driverName.equals(driver.getName()))
        .findFirst()
        .map(driver ->
            driver.getTopologyKeys() == null ? Set.of() : Set.copyOf(driver.getTopologyKeys()));
  }

  /** The nodes on which the driver runs, with its topology keys there. */
  Map<NodeFacts, Set<String>> withDriver() {
    var all = new HashMap<NodeFacts, Set<String>>();
    for (CSINode csiNode : csiNodes.getStore().list()) {
      NodeFacts node = node(csiNode.getMetadata().getName());
      if (node != null) {
        keys(csiNode).ifPresent(keys -> all.put(node, keys));
      }
    }
    return all;
  }

  /** The driver's places: what its topology keys are on the nodes where it runs. */
  Set<Map<String, String>> segments() {
    return withDriver().entrySet().stream()
        .filter(node -> !node.getValue().isEmpty())
        .filter(node -> node.getKey().labels().keySet().containsAll(node.getValue()))
        .map(node -> {
          var segment = new HashMap<>(node.getKey().labels());
          segment.keySet().retainAll(node.getValue());
          return Map.copyOf(segment);
        })
        .collect(Collectors.toUnmodifiableSet());
  }

  @Override
  public void close() {
    nodes.stop();
    csiNodes.stop();
  }
}
