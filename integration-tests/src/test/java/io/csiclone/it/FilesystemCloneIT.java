package io.csiclone.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.storage.StorageClassBuilder;
import org.junit.jupiter.api.Test;

/** Clones of filesystem volumes. */
class FilesystemCloneIT extends CloneProcedure {

  FilesystemCloneIT() {
    super("Filesystem");
  }

  @Override
  String writeRandom(String claim) {
    return ("mkdir -p /mnt/%1$s/folder && dd if=/dev/urandom of=/mnt/%1$s/folder/data bs=64k count=100"
            + " 2>/dev/null && date > /mnt/%1$s/stamp && sync")
        .formatted(claim);
  }

  @Override
  String digest(String claim) {
    return "cd /mnt/%s && find . -type f | sort | xargs -r sha256sum | sha256sum".formatted(claim);
  }

  @Override
  String size(String claim) {
    return "df -k /mnt/%s | awk 'NR==2 {print $2 * 1024}'".formatted(claim);
  }

  @Test
  void anXfsCloneIsMountedBesideItsSource() {
    String xfs = "csi-cloning-xfs-" + namespace.name();
    var storageClass =
        new StorageClassBuilder()
            .withNewMetadata()
            .withName(xfs)
            .endMetadata()
            .withProvisioner("reflink.csi-clone.io")
            .addToParameters("csi.storage.k8s.io/fstype", "xfs")
            .build();
    var client = namespace.cluster().client();
    client.resource(storageClass).create();
    try {
      namespace.createBound(
          Claims.sized(
              Claims.claim("pvc-1", "Filesystem").editSpec().withStorageClassName(xfs).endSpec(),
              "320Mi"));
      try (TestPod source = namespace.run("source", "pvc-1")) {
        source.sh(writeRandom("pvc-1"));
        namespace.createBound(
            Claims.sized(
                Claims.clone("pvc-1-clone", "pvc-1", "Filesystem")
                    .editSpec()
                    .withStorageClassName(xfs)
                    .endSpec(),
                "320Mi"));
        try (TestPod clone = namespace.run("clone", "pvc-1-clone")) {
          assertThat(clone.sh("grep ' /mnt/pvc-1-clone ' /proc/mounts")).contains(" xfs ");
          assertThat(clone.sh(digest("pvc-1-clone"))).isEqualTo(source.sh(digest("pvc-1")));
        }
      }
    } finally {
      client.resource(storageClass).delete();
    }
  }

  @Test
  void aCloneThatWaitsForItsFirstConsumerIsMadeWhenAPodComes() {
    String late = "csi-cloning-late-" + namespace.name();
    var storageClass =
        new StorageClassBuilder()
            .withNewMetadata()
            .withName(late)
            .endMetadata()
            .withProvisioner("reflink.csi-clone.io")
            .withVolumeBindingMode("WaitForFirstConsumer")
            .build();
    var client = namespace.cluster().client();
    client.resource(storageClass).create();
    try {
      namespace.create(
          Claims.claim("pvc-1", "Filesystem")
              .editSpec()
              .withStorageClassName(late)
              .endSpec()
              .build());
      String written;
      try (TestPod writer = namespace.run("writer", "pvc-1")) {
        writer.sh(writeRandom("pvc-1"));
        written = writer.sh(digest("pvc-1"));
      }
      namespace.create(
          Claims.clone("pvc-1-clone", "pvc-1", "Filesystem")
              .editSpec()
              .withStorageClassName(late)
              .endSpec()
              .build());
      assertThat(namespace.claim("pvc-1-clone").getStatus().getPhase()).isEqualTo("Pending");
      try (TestPod reader = namespace.run("reader", "pvc-1-clone")) {
        assertThat(reader.sh(digest("pvc-1-clone"))).isEqualTo(written);
      }
      assertThat(namespace.volumeOf("pvc-1-clone").getSpec().getNodeAffinity())
          .as("node affinity of a node-local volume")
          .isNotNull();
    } finally {
      client.resource(storageClass).delete();
    }
  }
}
