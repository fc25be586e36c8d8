package io.csiclone.csi;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

/** A node backend that writes down what it was told. */
final class RecordingNode implements NodeBackend {

  static final Map<String, String> HERE = Map.of("topology.test/node", "here");

  final List<String> calls = new CopyOnWriteArrayList<>();
  volatile Map<String, String> topology = HERE;

  /** While closed, staging waits. */
  volatile CountDownLatch gate = new CountDownLatch(0);

  @Override
  public void stage(String volumeId, Path stagingPath, Mounting mounting) {
    calls.add("stage %s %s %s".formatted(volumeId, stagingPath, mounting));
    try {
      gate.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void unstage(String volumeId, Path stagingPath) {
    calls.add("unstage %s %s".formatted(volumeId, stagingPath));
  }

  @Override
  public void publish(String volumeId, Path stagingPath, Path targetPath, Mounting mounting) {
    calls.add("publish %s %s %s %s".formatted(volumeId, stagingPath, targetPath, mounting));
  }

  @Override
  public void unpublish(String volumeId, Path targetPath) {
    calls.add("unpublish %s %s".formatted(volumeId, targetPath));
  }

  @Override
  public Map<String, String> topology() {
    return topology;
  }
}
