package io.csiclone.bench;

import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** Which claims have a volume object, and which are bound. */
final class WatchedClaims implements AutoCloseable {

  private final Set<String> made = ConcurrentHashMap.newKeySet();
  private final Set<String> bound = ConcurrentHashMap.newKeySet();
  private final List<AutoCloseable> informers;

  WatchedClaims(KubernetesClient client, String prefix) {
    informers =
        List.of(
            client.persistentVolumes().inform(new Seen<>(volume -> noteMade(volume, prefix))),
            client
                .persistentVolumeClaims()
                .inNamespace(ProvisionObjects.NAMESPACE)
                .inform(new Seen<>(claim -> noteBound(claim, prefix))));
  }

  private void noteMade(PersistentVolume volume, String prefix) {
    var ref = volume.getSpec().getClaimRef();
    if (ref != null && ref.getName().startsWith(prefix)) {
      made.add(ref.getName());
    }
  }

  private void noteBound(PersistentVolumeClaim claim, String prefix) {
    String name = claim.getMetadata().getName();
    boolean isBound = claim.getStatus() != null && "Bound".equals(claim.getStatus().getPhase());
    if (isBound && name.startsWith(prefix)) {
      bound.add(name);
    }
  }

  /** Grows while this is open. */
  Set<String> made() {
    return made;
  }

  /** Grows while this is open. */
  Set<String> bound() {
    return bound;
  }

  @Override
  public void close() throws Exception {
    for (AutoCloseable informer : informers) {
      informer.close();
    }
  }

  private record Seen<T>(Consumer<T> to) implements ResourceEventHandler<T> {
    @Override
    public void onAdd(T object) {
      to.accept(object);
    }

    @Override
    public void onUpdate(T before, T object) {
      to.accept(object);
    }

    @Override
    public void onDelete(T object, boolean unseen) {
      // What was made stays made.
    }
  }
}
