package io.csiclone.csi;

import io.csiclone.copy.CopyMethod;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * A source whose bytes may be read, from {@link VolumeBackend#hold} until it is closed. Closing it
 * twice does nothing.
 */
public interface SourceHold extends AutoCloseable {

  /** What the copy owes to the hold, for the {@code volume_context} of the volume that is made. */
  Map<String, String> context();

  /**
   * What is to be read instead of the source's endpoint, such as a snapshot of it that the driver
   * keeps while it is copied; empty for the source itself. After a restart it may be another one,
   * and the copy starts over.
   */
  default Optional<Path> standIn() {
    return Optional.empty();
  }

  /**
   * The fastest way that the copy may take: one that shares nothing, for a volume that must not.
   */
  default CopyMethod fastest() {
    return CopyMethod.REFLINK;
  }

  /** Lets go of the source: its last byte has been read, or the copy was given up. */
  @Override
  void close();

  /** Holds nothing and has nothing to tell. */
  static SourceHold none() {
    return new SourceHold() {
      @Override
      public Map<String, String> context() {
        return Map.of();
      }

      @Override
      public void close() {}
    };
  }
}
