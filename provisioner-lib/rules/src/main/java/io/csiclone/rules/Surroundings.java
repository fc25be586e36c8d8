package io.csiclone.rules;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What else is in the cluster that bears on a clone, though the clone does not name it.
 *
 * @param freeVolume the volume that the clone would be bound to, or null
 * @param writers names of pods that may write to the source; some, not all, when there are many
 * @param selectedNode the node where the clone's volume is to be made, or null when none is chosen,
 *     it does not exist, or it is not needed
 */
public record Surroundings(
    @Nullable FreeVolumeFacts freeVolume, List<String> writers, @Nullable NodeFacts selectedNode) {

  /** Nothing, or nothing that was looked at. */
  public static final Surroundings NONE = new Surroundings(null, List.of(), null);

  public Surroundings {
    writers = List.copyOf(writers);
  }
}
