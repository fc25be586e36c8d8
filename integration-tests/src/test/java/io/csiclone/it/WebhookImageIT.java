package io.csiclone.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.cluster.NodeCluster;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * The AOT cache in the webhook's image is used. A JVM that finds any file changed, even in its
 * time, goes on without it and says so at most in its log.
 */
@ExtendWith(OnCluster.class)
class WebhookImageIT {

  @TempDir Path folder;

  @Test
  void theCacheFitsTheFilesOfTheImage() throws Exception {
    Path image =
        Path.of(System.getProperty("csiclone.root", ".."), ".build/images/webhook.tar")
            .toAbsolutePath()
            .normalize();
    var process =
        new ProcessBuilder(
                "sh",
                "-ec",
                """
                mkdir image root && tar -C image -xf "$0"
                for layer in image/*.tar.zst; do zstd -q -dc "$layer" | tar -C root -xf -; done
                root/opt/java/bin/java -XX:+UseSerialGC -XX:+UseCompactObjectHeaders -XX:AOTMode=on \
                  -XX:AOTCache=root/app/webhook.aot -jar root/app/webhook.jar --help
                """,
                image.toString())
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as("a process that must use the cache says: %s", said).isZero();
  }

  @Test
  void everyReplicaOnTheClusterHasMappedIt(NodeCluster cluster) {
    var replicas =
        cluster
            .client()
            .pods()
            .inNamespace(NodeCluster.SYSTEM_NAMESPACE)
            .withLabel("app.kubernetes.io/name", "csi-clone-webhook")
            .list()
            .getItems();
    assertThat(replicas).isNotEmpty();
    String mapped =
        cluster.inNode(
            "sh", "-c", "grep -l /app/webhook.aot /proc/[0-9]*/maps 2>/dev/null || true");
    assertThat(mapped.lines()).as("processes that use the cache").hasSize(replicas.size());
  }
}
