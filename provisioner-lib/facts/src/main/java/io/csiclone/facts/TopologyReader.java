package io.csiclone.facts;

import io.csiclone.rules.NodeAffinity;
import io.csiclone.rules.NodeAffinity.Requirement;
import io.csiclone.rules.NodeAffinity.Term;
import io.csiclone.rules.NodeFacts;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.TopologySelectorTerm;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads where volumes and nodes are. */
public final class TopologyReader {

  /** The node where a claim's volume is to be made; written by the scheduler. */
  static final String SELECTED_NODE_ANNOTATION = "volume.kubernetes.io/selected-node";

  private TopologyReader() {}

  /** From which nodes {@code volume} can be reached; null when it says nothing of it. */
  public static @Nullable NodeAffinity affinity(PersistentVolume volume) {
    var spec = volume.getSpec();
    var affinity = spec == null ? null : spec.getNodeAffinity();
    var required = affinity == null ? null : affinity.getRequired();
    if (required == null) {
      return null;
    }
    // For each review: streams would cost several times as much.
    var terms = new ArrayList<Term>();
    for (var term : present(required.getNodeSelectorTerms())) {
      terms.add(
          new Term(requirements(term.getMatchExpressions()), requirements(term.getMatchFields())));
    }
    return new NodeAffinity(terms);
  }

  static NodeFacts node(Node node) {
    var labels = node.getMetadata().getLabels();
    return new NodeFacts(
        ClaimReader.text(node.getMetadata().getName()), labels == null ? Map.of() : labels);
  }

  /** Where the class makes volumes: the values by label, for each place. */
  public static List<Map<String, Set<String>>> allowed(StorageClass storageClass) {
    var places = storageClass.getAllowedTopologies();
    return places == null || places.isEmpty()
        ? List.of()
        : each(places).map(TopologyReader::values).toList();
  }

  /** A label that is named twice has to have a value of both. */
  private static Map<String, Set<String>> values(TopologySelectorTerm term) {
    var values = new HashMap<String, Set<String>>();
    each(term.getMatchLabelExpressions())
        .forEach(label ->
            values.merge(
                ClaimReader.text(label.getKey()),
                Set.copyOf(each(label.getValues()).toList()),
                (first, second) -> Set.copyOf(first.stream().filter(second::contains).toList())));
    return values;
  }

  private static List<Requirement> requirements(@Nullable List<NodeSelectorRequirement> list) {
    if (list == null || list.isEmpty()) {
      return List.of();
    }
    var requirements = new ArrayList<Requirement>(list.size());
    for (var one : present(list)) {
      requirements.add(
          new Requirement(
              ClaimReader.text(one.getKey()),
              ClaimReader.text(one.getOperator()),
              present(one.getValues())));
    }
    return requirements;
  }

  private static <T> Stream<T> each(@Nullable List<T> list) {
    return present(list).stream();
  }

  private static <T> List<T> present(@Nullable List<T> list) {
    if (list == null) {
      return List.of();
    }
    var present = new ArrayList<T>(list.size());
    for (T one : list) {
      if (one != null) {
        present.add(one);
      }
    }
    return present;
  }
}
