package io.csiclone.driver;

import io.csiclone.csi.CloneEvent;
import io.csiclone.csi.CloneListener;
import io.csiclone.csi.CsiServer;
import io.csiclone.provisioner.VolumeProgress;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * How far the clones of this driver are, from the part that copies to the one that tells owners.
 */
final class CloneProgress implements CloneListener, VolumeProgress {

  private final Map<String, Copying> copying = new ConcurrentHashMap<>();

  @Override
  public void told(CloneEvent event) {
    switch (event) {
      case CloneEvent.Copying now ->
          copying.put(now.volumeId(), new Copying(now.done(), now.total(), now.left()));
      case CloneEvent.Made _, CloneEvent.Failed _, CloneEvent.Stopped _ ->
          copying.remove(event.volumeId());
      case CloneEvent.Begun _, CloneEvent.Waiting _ -> {
        // Nothing has been copied.
      }
    }
  }

  @Override
  public Optional<Copying> of(String volumeName) {
    return Optional.ofNullable(copying.get(CsiServer.volumeId(volumeName)));
  }
}
