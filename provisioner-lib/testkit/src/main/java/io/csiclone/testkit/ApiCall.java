package io.csiclone.testkit;

/**
 * What a client asks of the API server, in the terms that rights are granted in.
 *
 * @param user who asks: the bearer token it sends, empty when it sends none
 * @param verb get, list, watch, create, update, patch, delete or deletecollection
 * @param group the API group, empty for the core group
 * @param resource in the plural, followed by the subresource, if any: {@code
 *     persistentvolumeclaims/status}
 * @param namespace empty for cluster-scoped resources and for requests over all namespaces
 * @param name empty when the request names no object. A list or watch of one name by field selector
 *     names it; a create does not, as on a real server
 */
public record ApiCall(
    String user, String verb, String group, String resource, String namespace, String name) {

  @Override
  public String toString() {
    return "%s %s%s%s%s"
        .formatted(
            verb,
            resource,
            group.isEmpty() ? "" : "." + group,
            namespace.isEmpty() ? "" : " in " + namespace,
            name.isEmpty() ? "" : " named " + name);
  }
}
