package io.csiclone.rules;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * From which nodes a volume can be reached: from those that satisfy one of the terms.
 *
 * @param terms each of them alone is enough; without any, no node will do
 */
public record NodeAffinity(List<Term> terms) {

  /**
   * One kind of node.
   *
   * @param labels what its labels have to be, all of it
   * @param fields what its fields have to be; {@code metadata.name} is the only one there is
   */
  public record Term(List<Requirement> labels, List<Requirement> fields) {

    public Term {
      labels = List.copyOf(labels);
      fields = List.copyOf(fields);
    }
  }

  /**
   * What one label or field has to be.
   *
   * @param key its name
   * @param operator {@code In}, {@code NotIn}, {@code Exists}, {@code DoesNotExist}, {@code Gt} or
   *     {@code Lt}; anything else is never satisfied
   * @param values what the operator compares with
   */
  public record Requirement(String key, String operator, List<String> values) {

    public Requirement {
      values = List.copyOf(values);
    }

    private boolean holds(@Nullable String value) {
      return switch (operator) {
        case "In" -> value != null && values.contains(value);
        case "NotIn" -> value == null || !values.contains(value);
        case "Exists" -> value != null;
        case "DoesNotExist" -> value == null;
        case "Gt" -> compare(value) > 0;
        case "Lt" -> compare(value) < 0;
        default -> false;
      };
    }

    /** 0 when the two cannot be compared, which satisfies neither operator. */
    private int compare(@Nullable String value) {
      if (value == null || values.size() != 1) {
        return 0;
      }
      try {
        return Long.compare(Long.parseLong(value), Long.parseLong(values.getFirst()));
      } catch (NumberFormatException e) {
        return 0;
      }
    }

    private String words() {
      return switch (operator) {
        case "In" -> key + " in (" + String.join(", ", values) + ")";
        case "NotIn" -> key + " not in (" + String.join(", ", values) + ")";
        case "Exists" -> key;
        case "DoesNotExist" -> "no " + key;
        default -> key + " " + operator + " " + String.join(", ", values);
      };
    }
  }

  private static final String NAME_FIELD = "metadata.name";

  public NodeAffinity {
    terms = List.copyOf(terms);
  }

  /** Whether the volume can be reached from {@code node}. */
  public boolean admits(NodeFacts node) {
    return terms.stream().anyMatch(term -> admits(term, node));
  }

  private static boolean admits(Term term, NodeFacts node) {
    return !isEmpty(term)
        && term.labels().stream().allMatch(one -> one.holds(node.labels().get(one.key())))
        && term.fields().stream()
            .allMatch(one -> one.holds(one.key().equals(NAME_FIELD) ? node.name() : null));
  }

  /**
   * Whether there may be a node in one of {@code topologies} from which the volume can be reached.
   * What a topology does not mention may be anything.
   *
   * @param topologies each of them the values that are possible, by label
   */
  boolean mayAdmit(List<Map<String, Set<String>>> topologies) {
    return topologies.stream()
        .anyMatch(topology -> terms.stream().anyMatch(term -> mayAdmit(term, topology)));
  }

  private static boolean mayAdmit(Term term, Map<String, Set<String>> topology) {
    return !isEmpty(term)
        && topology.entrySet().stream()
            .allMatch(label ->
                label.getValue().stream()
                    .anyMatch(value ->
                        term.labels().stream()
                            .filter(one -> one.key().equals(label.getKey()))
                            .allMatch(one -> one.holds(value))));
  }

  /** As in Kubernetes, a term that asks for nothing is satisfied by no node. */
  private static boolean isEmpty(Term term) {
    return term.labels().isEmpty() && term.fields().isEmpty();
  }

  /** The nodes it stands for, as messages name them. */
  String words() {
    var parts = new ArrayList<String>();
    for (var term : terms) {
      if (!isEmpty(term)) {
        parts.add(
            Stream.concat(term.labels().stream(), term.fields().stream())
                .map(Requirement::words)
                .collect(Collectors.joining(" and ")));
      }
    }
    return parts.isEmpty() ? "no node at all" : "nodes with " + String.join(", or ", parts);
  }

  /** These topologies, as messages name them. */
  static String words(List<Map<String, Set<String>>> topologies) {
    return topologies.stream()
        .map(topology ->
            topology.entrySet().stream()
                .map(label ->
                    label.getKey()
                        + " in ("
                        + label.getValue().stream().sorted().collect(Collectors.joining(", "))
                        + ")")
                .sorted()
                .collect(Collectors.joining(" and ")))
        .collect(Collectors.joining(", or "));
  }
}
