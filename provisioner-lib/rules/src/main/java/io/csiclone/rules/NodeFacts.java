package io.csiclone.rules;

import java.util.Map;

/**
 * A node of the cluster.
 *
 * @param name its name
 * @param labels its labels, among them its topology
 */
public record NodeFacts(String name, Map<String, String> labels) {

  public NodeFacts {
    labels = Map.copyOf(labels);
  }
}
