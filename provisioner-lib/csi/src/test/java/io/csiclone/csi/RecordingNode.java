package io.csiclone.csi;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

/** A node backend that writes down what it was told. */
final class RecordingNode implements NodeBackend, NodeExpansion, NodeStats, NodePublications {

  static final Map<String, String> HERE = Map.of("topology.test/node", "here");

  final List<String> calls = new CopyOnWriteArrayList<>();
  volatile Map<String, String> topology = HERE;
  volatile Optional<String> abnormal = Optional.empty();
  private final Map<String, Set<Path>> published = new ConcurrentHashMap<>();

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
    published.computeIfAbsent(volumeId, id -> ConcurrentHashMap.newKeySet()).add(targetPath);
  }

  @Override
  public void unpublish(String volumeId, Path targetPath) {
    calls.add("unpublish %s %s".formatted(volumeId, targetPath));
    published.getOrDefault(volumeId, new HashSet<>()).remove(targetPath);
  }

  @Override
  public void expand(String volumeId, Path volumePath, List<String> mountFlags) {
    calls.add("expand %s %s %s".formatted(volumeId, volumePath, mountFlags));
  }

  @Override
  public Stats stats(String volumeId, Path volumePath) {
    return new Stats(new Usage(1, 3, 2), Optional.of(new Usage(10, 30, 20)), abnormal);
  }

  @Override
  public Set<Path> publishedAt(String volumeId, Path stagingPath) {
    return Set.copyOf(published.getOrDefault(volumeId, Set.of()));
  }

  @Override
  public Map<String, String> topology() {
    return topology;
  }
}
