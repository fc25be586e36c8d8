package io.csiclone.testkit;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The path of an API request.
 *
 * @param group the API group, empty for the core group
 * @param version for instance {@code v1}
 * @param namespace empty for cluster-scoped kinds and for requests over all namespaces
 * @param plural for instance {@code persistentvolumeclaims}
 * @param name empty for collections
 * @param subresource for instance {@code status}; empty for the object itself
 */
record ResourcePath(
    String group,
    String version,
    String namespace,
    String plural,
    String name,
    String subresource) {

  /** The path's parts, or empty when it does not name a resource. */
  static Optional<ResourcePath> parse(String path) {
    List<String> parts = Arrays.stream(path.split("/")).filter(p -> !p.isEmpty()).toList();
    if (parts.size() >= 3 && parts.getFirst().equals("api")) {
      return Optional.of(of("", parts.get(1), parts.subList(2, parts.size())));
    }
    if (parts.size() >= 4 && parts.getFirst().equals("apis")) {
      return Optional.of(of(parts.get(1), parts.get(2), parts.subList(3, parts.size())));
    }
    return Optional.empty();
  }

  private static ResourcePath of(String group, String version, List<String> rest) {
    // "namespaces/x/y" is kind y in namespace x, except where y is a subresource of the namespace.
    boolean inNamespace =
        rest.size() >= 3
            && rest.getFirst().equals("namespaces")
            && !(rest.size() == 3 && List.of("status", "finalize").contains(rest.get(2)));
    List<String> tail = inNamespace ? rest.subList(2, rest.size()) : rest;
    return new ResourcePath(
        group,
        version,
        inNamespace ? rest.get(1) : "",
        tail.getFirst(),
        tail.size() > 1 ? tail.get(1) : "",
        tail.size() > 2 ? String.join("/", tail.subList(2, tail.size())) : "");
  }

  ResourcePath withName(String newName) {
    return new ResourcePath(group, version, namespace, plural, newName, subresource);
  }

  ObjectStore.Id id() {
    return new ObjectStore.Id(group, plural, namespace, name);
  }

  String apiVersion() {
    return group.isEmpty() ? version : group + "/" + version;
  }

  /** As the API server names a resource in messages: plural, then group. */
  String qualifiedPlural() {
    return group.isEmpty() ? plural : plural + "." + group;
  }

  boolean isStatus() {
    return subresource.equals("status");
  }
}
