package io.csiclone.it;

import io.csiclone.cluster.NodeCluster;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.ExecWatch;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The driver's pod on the node, to look at what it keeps. */
final class DriverPod {

  private final KubernetesClient client;
  private final String name;

  private DriverPod(KubernetesClient client, String name) {
    this.client = client;
    this.name = name;
  }

  static DriverPod on(NodeCluster cluster) {
    List<Pod> pods =
        cluster
            .client()
            .pods()
            .inNamespace(NodeCluster.SYSTEM_NAMESPACE)
            .withLabel("app.kubernetes.io/name", "reflink-driver")
            .list()
            .getItems();
    if (pods.size() != 1) {
      throw new AssertionError("one driver pod expected, found " + pods.size());
    }
    return new DriverPod(cluster.client(), pods.getFirst().getMetadata().getName());
  }

  /** Every file of the pool, loop device and mount that carries the volume handle. */
  List<String> tracesOf(String volumeHandle) {
    String script =
        "find %1$s -name '*%2$s*'; losetup -n -O NAME,BACK-FILE | grep -F %2$s; grep -F %2$s /proc/self/mountinfo; true"
            .formatted(NodeCluster.POOL, volumeHandle);
    return sh(script).lines().toList();
  }

  private String sh(String script) {
    var out = new ByteArrayOutputStream();
    var err = new ByteArrayOutputStream();
    try (ExecWatch watch =
        client
            .pods()
            .inNamespace(NodeCluster.SYSTEM_NAMESPACE)
            .withName(name)
            .writingOutput(out)
            .writingError(err)
            .exec("sh", "-c", script)) {
      Integer code = watch.exitCode().get(30, TimeUnit.SECONDS);
      if (code == null || code != 0) {
        throw new AssertionError("'%s' ended with %s: %s".formatted(script, code, err));
      }
      return out.toString(StandardCharsets.UTF_8);
    } catch (Exception e) {
      throw new AssertionError("'%s' in the driver's pod: %s".formatted(script, err), e);
    }
  }
}
