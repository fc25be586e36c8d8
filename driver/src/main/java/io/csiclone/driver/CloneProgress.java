package io.csiclone.driver;

import io.csiclone.csi.CloneEvent;
import io.csiclone.csi.CloneListener;
import io.csiclone.csi.CsiServer;
import io.csiclone.provisioner.VolumeProgress;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * The clones that are being made and how far they are, from the part that copies to those that tell
 * owners and figures.
 */
final class CloneProgress implements CloneListener, VolumeProgress {

  /** What was last told of each. */
  private final Map<String, CloneEvent> underWay = new ConcurrentHashMap<>();

  @Override
  public void told(CloneEvent event) {
    switch (event) {
      case CloneEvent.Begun _, CloneEvent.Waiting _, CloneEvent.Copying _ ->
          underWay.put(event.volumeId(), event);
      case CloneEvent.Made _, CloneEvent.Failed _, CloneEvent.Stopped _ ->
          underWay.remove(event.volumeId());
    }
  }

  @Override
  public Optional<Copying> of(String volumeName) {
    return underWay.get(CsiServer.volumeId(volumeName)) instanceof CloneEvent.Copying copy
        ? Optional.of(new Copying(copy.done(), copy.total(), copy.left()))
        : Optional.empty();
  }

  int active() {
    return underWay.size();
  }

  long waiting() {
    return underWay.values().stream().filter(CloneEvent.Waiting.class::isInstance).count();
  }

  long bytesLeft() {
    return copies().mapToLong(copy -> copy.total() - copy.done()).sum();
  }

  long bytesPerSecond() {
    return copies().mapToLong(CloneEvent.Copying::bytesPerSecond).sum();
  }

  private Stream<CloneEvent.Copying> copies() {
    return underWay.values().stream()
        .filter(CloneEvent.Copying.class::isInstance)
        .map(CloneEvent.Copying.class::cast);
  }
}
