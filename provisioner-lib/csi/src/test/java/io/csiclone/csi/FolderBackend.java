package io.csiclone.csi;

import io.csiclone.csi.BackendException.Reason;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** A volume is a file in a folder: the smallest real backend. Clones can be held at a gate. */
final class FolderBackend implements VolumeBackend, VolumeExpansion, StorageInventory {

  static final long BLOCK = 4096;

  final Path folder;
  final AtomicInteger created = new AtomicInteger();
  final AtomicInteger quiesced = new AtomicInteger();
  final Map<String, Map<String, String>> parameters = new ConcurrentHashMap<>();
  volatile long room = 1L << 40;
  volatile boolean clonesNatively;
  volatile boolean breaksNextCopy;

  /** While closed, a clone waits between its empty volume and its first byte. */
  volatile CountDownLatch gate = new CountDownLatch(0);

  FolderBackend(Path folder) {
    this.folder = folder;
  }

  @Override
  public long roundUp(long bytes) {
    return (bytes + BLOCK - 1) / BLOCK * BLOCK;
  }

  @Override
  public long minimumBytes() {
    return BLOCK;
  }

  @Override
  public Optional<BackendVolume> find(String volumeId) {
    try {
      return Optional.of(new BackendVolume(volumeId, Files.size(file(volumeId))));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public BackendVolume create(VolumeSpec spec) {
    if (spec.parameters().containsKey("unknown")) {
      throw new BackendException(Reason.INVALID, "parameters[\"unknown\"] is not known");
    }
    if (spec.parameters().containsKey("bug")) {
      throw new IllegalStateException("private detail of a bug");
    }
    if (spec.capacityBytes() > room) {
      throw new BackendException(Reason.OUT_OF_SPACE, "The folder has no room for it");
    }
    created.incrementAndGet();
    parameters.put(spec.volumeId(), spec.parameters());
    try {
      Files.deleteIfExists(file(spec.volumeId()));
      resize(spec);
    } catch (IOException e) {
      throw new BackendException(Reason.FAILED, "create " + spec.volumeId(), e);
    }
    return new BackendVolume(spec.volumeId(), spec.capacityBytes());
  }

  @Override
  public Optional<BackendVolume> cloneNatively(BackendVolume source, VolumeSpec target) {
    if (!clonesNatively) {
      return Optional.empty();
    }
    try {
      Files.copy(
          file(source.volumeId()), file(target.volumeId()), StandardCopyOption.REPLACE_EXISTING);
      resize(target);
    } catch (IOException e) {
      throw new BackendException(Reason.FAILED, "clone " + target.volumeId(), e);
    }
    return Optional.of(new BackendVolume(target.volumeId(), target.capacityBytes()));
  }

  @Override
  public void quiesce(String volumeId) {
    quiesced.incrementAndGet();
    try {
      gate.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BackendException(Reason.FAILED, "interrupted", e);
    }
  }

  @Override
  public Path endpoint(String volumeId) {
    if (breaksNextCopy) {
      breaksNextCopy = false;
      return folder.resolve("nowhere");
    }
    return file(volumeId);
  }

  @Override
  public void delete(String volumeId) {
    try {
      Files.deleteIfExists(file(volumeId));
    } catch (IOException e) {
      throw new BackendException(Reason.FAILED, "delete " + volumeId, e);
    }
  }

  @Override
  public BackendVolume expand(String volumeId, long capacityBytes) {
    if (capacityBytes > room) {
      throw new BackendException(Reason.OUT_OF_SPACE, "The folder has no room for it");
    }
    try (RandomAccessFile file = new RandomAccessFile(file(volumeId).toFile(), "rw")) {
      file.setLength(capacityBytes);
    } catch (IOException e) {
      throw new BackendException(Reason.FAILED, "expand " + volumeId, e);
    }
    return new BackendVolume(volumeId, capacityBytes);
  }

  @Override
  public List<Trace> traces() {
    try {
      return volumes().stream()
          .map(name -> new Trace(Kind.FILE, name.replaceFirst("\\.img$", ""), name))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public OptionalLong availableBytes() {
    return OptionalLong.of(room);
  }

  Path file(String volumeId) {
    // What the library lets through must be a plain name: a test would fail here otherwise.
    Path file = folder.resolve(volumeId + ".img");
    if (!folder.equals(file.getParent()) || !file.equals(file.normalize())) {
      throw new AssertionError("An id left the folder: " + volumeId);
    }
    return file;
  }

  List<String> volumes() throws IOException {
    try (var files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private void resize(VolumeSpec spec) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(file(spec.volumeId()).toFile(), "rw")) {
      file.setLength(spec.capacityBytes());
      file.getFD().sync();
    }
  }
}
