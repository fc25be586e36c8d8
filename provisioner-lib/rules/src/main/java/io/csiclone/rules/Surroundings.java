package io.csiclone.rules;

import org.jspecify.annotations.Nullable;

/**
 * What else is in the cluster that bears on a clone, though the clone does not name it.
 *
 * @param freeVolume the volume that the clone would be bound to, or null
 */
public record Surroundings(@Nullable FreeVolumeFacts freeVolume) {

  /** Nothing, or nothing that was looked at. */
  public static final Surroundings NONE = new Surroundings(null);
}
