package io.csiclone.testkit;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimStatus;
import io.fabric8.kubernetes.api.model.PersistentVolumeStatus;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The part of the controller manager a provisioner works with: it asks for volumes by the
 * storage-provisioner annotation, binds the volumes that provisioners make to their claims, and
 * releases volumes whose claim is gone. It does not look for a free volume for a claim. Like the
 * original it is a client of the API server and sees no more than any other.
 */
final class ClaimBinder implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(ClaimBinder.class);

  private static final String PROVISIONER = "volume.kubernetes.io/storage-provisioner";
  private static final String PROVISIONER_BETA = "volume.beta.kubernetes.io/storage-provisioner";
  private static final String SELECTED_NODE = "volume.kubernetes.io/selected-node";
  private static final String BIND_COMPLETED = "pv.kubernetes.io/bind-completed";
  private static final String BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller";

  /** A pass is made at least that often, so that a write lost to a conflict is made up for. */
  private static final long RESYNC_MILLIS = 1000;

  private final KubernetesClient client;
  private final SharedIndexInformer<PersistentVolumeClaim> claims;
  private final SharedIndexInformer<PersistentVolume> volumes;
  private final SharedIndexInformer<StorageClass> classes;
  private final Semaphore changes = new Semaphore(1);
  private final Thread worker;
  private volatile boolean closed;

  ClaimBinder(KubernetesClient client) {
    this.client = client;
    claims = client.persistentVolumeClaims().inAnyNamespace().inform(new Wake<>());
    volumes = client.persistentVolumes().inform(new Wake<>());
    classes = client.storage().v1().storageClasses().inform(new Wake<>());
    worker = Thread.ofVirtual().name("claim-binder").start(this::work);
  }

  private void work() {
    while (!closed) {
      try {
        if (changes.tryAcquire(RESYNC_MILLIS, TimeUnit.MILLISECONDS)) {
          changes.drainPermits();
        }
        Map<String, List<PersistentVolume>> candidates = volumesByClaim();
        claims
            .getStore()
            .list()
            .forEach(claim -> attempt(claim, () -> reconcile(claim, candidates)));
        volumes.getStore().list().forEach(volume -> attempt(volume, () -> reconcile(volume)));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  /** A conflict means that something newer is on its way to us: then the next pass decides. */
  private void attempt(HasMetadata object, Runnable step) {
    try {
      step.run();
    } catch (KubernetesClientException e) {
      if (!closed && e.getCode() != 409 && e.getCode() != 404) {
        log.warn("{} {}", object.getKind(), object.getMetadata().getName(), e);
      }
    }
  }

  /** By namespace and name, so that a pass over thousands of claims does not go over all pairs. */
  private Map<String, List<PersistentVolume>> volumesByClaim() {
    return volumes.getStore().list().stream()
        .filter(volume -> volume.getSpec().getClaimRef() != null)
        .collect(
            Collectors.groupingBy(volume ->
                volume.getSpec().getClaimRef().getNamespace()
                    + "/"
                    + volume.getSpec().getClaimRef().getName()));
  }

  private void reconcile(
      PersistentVolumeClaim claim, Map<String, List<PersistentVolume>> candidates) {
    if (claim.getMetadata().getDeletionTimestamp() != null || isBound(claim)) {
      return;
    }
    String named = claim.getSpec().getVolumeName();
    PersistentVolume volume =
        candidates
            .getOrDefault(claim.getMetadata().getNamespace() + "/" + name(claim), List.of())
            .stream()
            .filter(v -> named == null || named.isEmpty() || named.equals(name(v)))
            .filter(v -> refersTo(v.getSpec().getClaimRef(), claim))
            .findFirst()
            .orElse(null);
    if (volume != null) {
      bind(claim, volume);
    } else if (named == null || named.isEmpty()) {
      askProvisioner(claim);
    }
  }

  private static boolean isBound(PersistentVolumeClaim claim) {
    return claim.getStatus() != null && "Bound".equals(claim.getStatus().getPhase());
  }

  private void askProvisioner(PersistentVolumeClaim claim) {
    String className = claim.getSpec().getStorageClassName();
    StorageClass storageClass =
        className == null || className.isEmpty() ? null : classes.getStore().getByKey(className);
    if (storageClass == null || storageClass.getProvisioner().startsWith("kubernetes.io/")) {
      return; // not found (yet), static or in-tree
    }
    Map<String, String> annotations = annotations(claim);
    boolean waits = "WaitForFirstConsumer".equals(storageClass.getVolumeBindingMode());
    if (waits && !annotations.containsKey(SELECTED_NODE)) {
      return;
    }
    String provisioner = storageClass.getProvisioner();
    if (!provisioner.equals(annotations.get(PROVISIONER))) {
      edit(claim, Map.of(PROVISIONER, provisioner, PROVISIONER_BETA, provisioner), null);
    }
  }

  private void bind(PersistentVolumeClaim claim, PersistentVolume volume) {
    ObjectReference ref = volume.getSpec().getClaimRef();
    if (ref.getUid() == null || ref.getUid().isEmpty()) {
      PersistentVolume complete = client.getKubernetesSerialization().clone(volume);
      complete.getSpec().getClaimRef().setUid(claim.getMetadata().getUid());
      volume = client.resource(complete).update();
    }
    setPhase(volume, "Bound");
    boolean chosenHere =
        claim.getSpec().getVolumeName() == null || claim.getSpec().getVolumeName().isEmpty();
    Map<String, String> marks =
        chosenHere
            ? Map.of(BIND_COMPLETED, "yes", BOUND_BY_CONTROLLER, "yes")
            : Map.of(BIND_COMPLETED, "yes");
    PersistentVolumeClaim bound = edit(claim, marks, name(volume));
    PersistentVolumeClaimStatus status =
        Objects.requireNonNullElseGet(bound.getStatus(), PersistentVolumeClaimStatus::new);
    status.setPhase("Bound");
    status.setCapacity(volume.getSpec().getCapacity());
    status.setAccessModes(volume.getSpec().getAccessModes());
    bound.setStatus(status);
    client.resource(bound).updateStatus();
  }

  private PersistentVolumeClaim edit(
      PersistentVolumeClaim claim, Map<String, String> marks, @Nullable String volumeName) {
    PersistentVolumeClaim edited = client.getKubernetesSerialization().clone(claim);
    Map<String, String> annotations = new HashMap<>(annotations(claim));
    annotations.putAll(marks);
    edited.getMetadata().setAnnotations(annotations);
    if (volumeName != null) {
      edited.getSpec().setVolumeName(volumeName);
    }
    return client.resource(edited).update();
  }

  private void reconcile(PersistentVolume volume) {
    ObjectReference ref = volume.getSpec().getClaimRef();
    if (ref == null) {
      setPhase(volume, "Available");
    } else if (ref.getUid() != null
        && !ref.getUid().isEmpty()
        && !"Released".equals(phase(volume))) {
      PersistentVolumeClaim known =
          claims.getStore().getByKey(ref.getNamespace() + "/" + ref.getName());
      // Only the server can tell that a claim is gone; our view of it may be behind.
      if (known == null || !refersTo(ref, known)) {
        PersistentVolumeClaim live =
            client
                .persistentVolumeClaims()
                .inNamespace(ref.getNamespace())
                .withName(ref.getName())
                .get();
        if (live == null || !refersTo(ref, live)) {
          setPhase(volume, "Released");
        }
      }
    }
  }

  private void setPhase(PersistentVolume volume, String phase) {
    if (!phase.equals(phase(volume))) {
      PersistentVolume changed = client.getKubernetesSerialization().clone(volume);
      PersistentVolumeStatus status =
          Objects.requireNonNullElseGet(changed.getStatus(), PersistentVolumeStatus::new);
      status.setPhase(phase);
      changed.setStatus(status);
      client.resource(changed).updateStatus();
    }
  }

  private static @Nullable String phase(PersistentVolume volume) {
    return volume.getStatus() == null ? null : volume.getStatus().getPhase();
  }

  private static boolean refersTo(@Nullable ObjectReference ref, PersistentVolumeClaim claim) {
    return ref != null
        && claim.getMetadata().getNamespace().equals(ref.getNamespace())
        && claim.getMetadata().getName().equals(ref.getName())
        && (ref.getUid() == null
            || ref.getUid().isEmpty()
            || ref.getUid().equals(claim.getMetadata().getUid()));
  }

  private static Map<String, String> annotations(HasMetadata object) {
    Map<String, String> annotations = object.getMetadata().getAnnotations();
    return annotations == null ? Map.of() : annotations;
  }

  private static String name(HasMetadata object) {
    return object.getMetadata().getName();
  }

  @Override
  public void close() {
    closed = true;
    worker.interrupt();
    List.of(claims, volumes, classes).forEach(SharedIndexInformer::stop);
  }

  private final class Wake<T> implements ResourceEventHandler<T> {
    @Override
    public void onAdd(T object) {
      changes.release();
    }

    @Override
    public void onUpdate(T before, T after) {
      changes.release();
    }

    @Override
    public void onDelete(T object, boolean unknown) {
      changes.release();
    }
  }
}
