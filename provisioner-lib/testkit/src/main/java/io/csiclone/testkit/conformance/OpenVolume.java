package io.csiclone.testkit.conformance;

import java.io.IOException;
import java.nio.file.Path;

/** A volume whose bytes can be reached. Closing it puts it back as it was: unused. */
public interface OpenVolume extends AutoCloseable {

  /** A file or block device that keeps its bytes in the volume; made when it is missing. */
  Path data();

  /** How many bytes of {@link #data} may be written, from its start. */
  long usableBytes() throws IOException;

  /** The size a pod would see: of the device, or of the whole filesystem. */
  long size() throws IOException;

  @Override
  void close() throws IOException;
}
