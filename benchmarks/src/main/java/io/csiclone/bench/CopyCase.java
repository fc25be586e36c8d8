package io.csiclone.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * One thing to be copied by everybody.
 *
 * @param key how the command line calls it
 * @param name how the tables call it
 * @param cold whether the source has to come from the medium
 * @param rootOnly whether making the volumes takes root
 * @param data bytes that are not holes
 * @param figure what is told of it
 * @param atOnce whether our engine gets all files of a folder at once
 * @param volumes makes source and target in a folder that exists
 * @param peers who takes part beside us
 */
record CopyCase(
    String key,
    String name,
    boolean cold,
    boolean rootOnly,
    long data,
    Figure figure,
    boolean atOnce,
    Maker volumes,
    List<Peer> peers) {

  /** Makes volumes in a folder. */
  interface Maker {
    Volumes in(Path folder) throws IOException, InterruptedException;
  }

  /** What is told of a case's seconds. */
  enum Figure {
    RATE("data copied", "MiB/s", true),
    VOLUMES("volumes copied", "1/s", true),
    TIME("time", "ms", false);

    final String label;
    final String unit;
    final boolean moreIsBetter;

    Figure(String label, String unit, boolean moreIsBetter) {
      this.label = label;
      this.unit = unit;
      this.moreIsBetter = moreIsBetter;
    }
  }

  /** The figure that this many seconds make. */
  double of(double seconds) {
    return switch (figure) {
      case RATE -> data / (double) Content.MIB / seconds;
      case VOLUMES -> data / (double) Content.MIB / seconds;
      case TIME -> seconds * 1000;
    };
  }
}
