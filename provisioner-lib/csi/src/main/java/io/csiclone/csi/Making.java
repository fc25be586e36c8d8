package io.csiclone.csi;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What one call asks to be made, under a name that makes its repetition the same wish. */
interface Making {

  /** The id that follows from the name. */
  String volumeId();

  /** The name as the caller gave it. */
  String name();

  /** The ids that nothing else may work on while the making begins. */
  Set<String> involved();

  /** In what the one that exists differs from this wish, or null when it would do. */
  @Nullable String differenceFrom(VolumeRecord existing);

  /**
   * The record to begin with, all that is asked being possible. Called with the locks held.
   *
   * @throws Refusal when it is not
   */
  VolumeRecord begin();
}
