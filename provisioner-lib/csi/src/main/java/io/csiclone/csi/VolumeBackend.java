package io.csiclone.csi;

import io.csiclone.copy.Verify;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The storage a driver author brings. The library owns everything around it: names, idempotency,
 * durable records, status codes and the copying of bytes. Every method is idempotent and may be
 * called again after a crash at any point. Methods may block; they are called on virtual threads,
 * at most one at a time for one volume id.
 */
public interface VolumeBackend {

  /** The size the backend would really make for {@code bytes}, for instance whole blocks. */
  default long roundUp(long bytes) {
    return bytes;
  }

  /** The smallest size the backend makes, in bytes. Requests without a size get it. */
  default long minimumBytes() {
    return 1;
  }

  /** The volume with that id, or empty for an id it never made. */
  Optional<BackendVolume> find(String volumeId);

  /**
   * Makes an empty volume that reads as zeros. A half-made one of the same id is replaced.
   *
   * @throws BackendException with {@link BackendException.Reason#OUT_OF_SPACE} when it does not fit
   */
  BackendVolume create(VolumeSpec spec);

  /**
   * Makes {@code target} a clone of {@code source} by the storage's own means, at once and durable,
   * at {@code target.capacityBytes()} (never smaller than the source).
   *
   * @return the clone, or empty when the storage cannot; nothing is left behind then, and the
   *     library creates an empty volume and copies the bytes
   */
  default Optional<BackendVolume> cloneNatively(BackendVolume source, VolumeSpec target) {
    return Optional.empty();
  }

  /**
   * How far a copy of bytes into this volume is proved before the volume is ready; a driver may let
   * its storage classes choose. By default source and copy are read again from their medium and
   * compared.
   */
  default Verify verification(VolumeSpec target) {
    return Verify.READ_BACK;
  }

  /** Called before the bytes of {@code volumeId} are read: flush what mounts and caches hold. */
  default void quiesce(String volumeId) {}

  /**
   * Makes a source fit to be copied into {@code target} and keeps it so until the hold is closed.
   * Called again for the same copy after a restart. By default the source is quiesced, and whoever
   * writes to it meanwhile makes a torn clone.
   *
   * @throws BackendException with {@link BackendException.Reason#IN_USE} when the source is used in
   *     a way that the target's parameters rule out
   */
  default SourceHold hold(String sourceId, VolumeSpec target) {
    quiesce(sourceId);
    return SourceHold.none();
  }

  /** The file or block device with the volume's bytes, for the copy engine. */
  Path endpoint(String volumeId);

  /** Deletes the volume and all that belongs to it. An unknown id is no error. */
  void delete(String volumeId);

  /** Bytes that new volumes can still take, or empty when unknown. */
  default OptionalLong availableBytes() {
    return OptionalLong.empty();
  }
}
