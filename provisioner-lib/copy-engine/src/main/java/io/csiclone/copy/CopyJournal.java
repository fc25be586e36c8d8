package io.csiclone.copy;

import java.nio.file.Path;
import java.util.Objects;

/**
 * Where a copy notes what is on the medium, so that after a kill the next copy with the same
 * journal goes on instead of starting over. The file exists as long as the target is incomplete: it
 * is made before the first byte is written and removed when the copy is done.
 *
 * @param path the journal's file; its folder has to exist and should survive what the target
 *     survives. No symbolic link is followed
 * @param sourceVersion names the state of the source's bytes, for instance a snapshot's id; when it
 *     is another one than the journal's the copy is refused. Empty: a file's times of modification
 *     and change are taken, and a block device counts as unchanged as long as it is the same one
 */
public record CopyJournal(Path path, String sourceVersion) {

  /** Checks that the version is one line. */
  public CopyJournal {
    Objects.requireNonNull(path, "path");
    if (sourceVersion.lines().count() > 1 || sourceVersion.length() > 1_000) {
      throw new IllegalArgumentException(
          "sourceVersion must be one line of at most 1000 characters");
    }
  }

  /** A journal that tells a changed source by its times. */
  public static CopyJournal at(Path path) {
    return new CopyJournal(path, "");
  }
}
