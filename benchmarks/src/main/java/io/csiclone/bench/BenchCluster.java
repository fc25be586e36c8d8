package io.csiclone.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Starts a {@link ClusterProcess}. */
final class BenchCluster {

  private BenchCluster() {}

  /** The kubeconfig of a cluster with that many claims, which gets that much heap. */
  static Path start(Children children, int claims, String heap) throws IOException {
    return start(children, claims, false, heap);
  }

  /** The kubeconfig of an empty cluster that asks for the volumes of claims and binds them. */
  static Path startBinding(Children children, String heap) throws IOException {
    return start(children, 0, true, heap);
  }

  private static Path start(Children children, int claims, boolean binds, String heap)
      throws IOException {
    Process process =
        children.start(
            Map.of(),
            List.of(
                Children.java().toString(),
                "-Xmx" + heap,
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                Children.classPath(),
                ClusterProcess.class.getName(),
                Integer.toString(claims),
                Boolean.toString(binds)));
    // Read no further: all that comes is this line.
    var out = new BufferedReader(process.inputReader(StandardCharsets.UTF_8));
    String kubeconfig = out.readLine();
    if (kubeconfig == null) {
      throw new IOException("the cluster of " + claims + " claims did not start");
    }
    return Path.of(kubeconfig);
  }
}
