package io.csiclone.testkit;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The kinds the server announces. Others can be stored as well, they are just not announced. */
final class KnownResources {

  record Resource(
      String group,
      String version,
      String plural,
      String kind,
      boolean namespaced,
      boolean hasStatus) {}

  private static final String TABLE =
      """
      -                            v1 namespaces                      Namespace                      cluster status
      -                            v1 nodes                           Node                           cluster status
      -                            v1 persistentvolumes               PersistentVolume               cluster status
      -                            v1 persistentvolumeclaims          PersistentVolumeClaim          namespaced status
      -                            v1 pods                            Pod                            namespaced status
      -                            v1 secrets                         Secret                         namespaced plain
      -                            v1 configmaps                      ConfigMap                      namespaced plain
      -                            v1 events                          Event                          namespaced plain
      -                            v1 services                        Service                        namespaced status
      -                            v1 serviceaccounts                 ServiceAccount                 namespaced plain
      storage.k8s.io               v1 storageclasses                  StorageClass                   cluster plain
      storage.k8s.io               v1 csidrivers                      CSIDriver                      cluster plain
      storage.k8s.io               v1 csinodes                        CSINode                        cluster plain
      storage.k8s.io               v1 csistoragecapacities            CSIStorageCapacity             namespaced plain
      storage.k8s.io               v1 volumeattachments               VolumeAttachment               cluster status
      admissionregistration.k8s.io v1 mutatingwebhookconfigurations   MutatingWebhookConfiguration   cluster plain
      admissionregistration.k8s.io v1 validatingwebhookconfigurations ValidatingWebhookConfiguration cluster plain
      coordination.k8s.io          v1 leases                          Lease                          namespaced plain
      events.k8s.io                v1 events                          Event                          namespaced plain
      """;

  private static final List<Resource> ALL = TABLE.lines().map(KnownResources::row).toList();

  private KnownResources() {}

  private static Resource row(String line) {
    String[] cells = line.trim().split(" +");
    return new Resource(
        cells[0].equals("-") ? "" : cells[0],
        cells[1],
        cells[2],
        cells[3],
        cells[4].equals("namespaced"),
        cells[5].equals("status"));
  }

  static Optional<Resource> find(ResourcePath path) {
    return ALL.stream()
        .filter(r -> r.group().equals(path.group()) && r.plural().equals(path.plural()))
        .findFirst();
  }

  /** Answers the API server's discovery paths; empty for other paths. */
  static Optional<ObjectNode> discover(String path) {
    String trimmed = path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
    return switch (trimmed) {
      case "/version" ->
          Optional.of(
              Json.object()
                  .put("major", "1")
                  .put("minor", "36")
                  .put("gitVersion", "v1.36.0+csi-clone-testkit")
                  .put("platform", "linux/amd64"));
      case "/api" -> {
        ObjectNode versions = Json.object().put("kind", "APIVersions");
        versions.putArray("versions").add("v1");
        yield Optional.of(versions);
      }
      case "/apis" -> {
        ObjectNode list = Json.object().put("kind", "APIGroupList").put("apiVersion", "v1");
        ArrayNode groups = list.putArray("groups");
        groupVersions().keySet().stream()
            .filter(g -> !g.isEmpty())
            .forEach(g -> groups.add(group(g)));
        yield Optional.of(list);
      }
      default -> discoverGroup(trimmed);
    };
  }

  private static Optional<ObjectNode> discoverGroup(String path) {
    for (Map.Entry<String, String> entry : groupVersions().entrySet()) {
      String group = entry.getKey();
      if (path.equals("/apis/" + group)) {
        return Optional.of(group(group).put("kind", "APIGroup").put("apiVersion", "v1"));
      }
      String groupPath = group.isEmpty() ? "/api/" : "/apis/" + group + "/";
      if (path.equals(groupPath + entry.getValue())) {
        return Optional.of(resources(group, entry.getValue()));
      }
    }
    return Optional.empty();
  }

  private static Map<String, String> groupVersions() {
    return ALL.stream()
        .collect(
            Collectors.toMap(Resource::group, Resource::version, (a, b) -> a, LinkedHashMap::new));
  }

  private static ObjectNode group(String group) {
    ObjectNode version = Json.object().put("groupVersion", group + "/v1").put("version", "v1");
    ObjectNode node = Json.object().put("name", group);
    node.putArray("versions").add(version);
    node.set("preferredVersion", version.deepCopy());
    return node;
  }

  private static ObjectNode resources(String group, String version) {
    ObjectNode list =
        Json.object()
            .put("kind", "APIResourceList")
            .put("apiVersion", "v1")
            .put("groupVersion", group.isEmpty() ? version : group + "/" + version);
    ArrayNode resources = list.putArray("resources");
    for (Resource r : ALL) {
      if (r.group().equals(group) && r.version().equals(version)) {
        ObjectNode node =
            resources
                .addObject()
                .put("name", r.plural())
                .put("singularName", r.kind().toLowerCase(java.util.Locale.ROOT))
                .put("namespaced", r.namespaced())
                .put("kind", r.kind());
        ArrayNode verbs = node.putArray("verbs");
        for (String verb :
            List.of(
                "create",
                "delete",
                "deletecollection",
                "get",
                "list",
                "patch",
                "update",
                "watch")) {
          verbs.add(verb);
        }
      }
    }
    return list;
  }
}
