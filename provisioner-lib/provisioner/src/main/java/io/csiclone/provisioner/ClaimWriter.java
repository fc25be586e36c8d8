package io.csiclone.provisioner;

import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Writes finalizers and annotations of claims: always a small patch that holds for one resource
 * version, so that nobody else's change is undone.
 */
final class ClaimWriter {

  private static final int CONFLICTS = 8;

  private final KubernetesClient client;

  ClaimWriter(KubernetesClient client) {
    this.client = client;
  }

  /** The claim as the API server has it now; null when it has none. */
  @Nullable Claim live(ClaimKey key) {
    PersistentVolumeClaim object = resource(key).get();
    return object == null ? null : new Claim(object);
  }

  /**
   * Records that the volume of {@code claim} is about to be made.
   *
   * @param sourceVolume the volume object it will be cloned from, or null
   * @param node the node whose provisioner takes the claim, or null
   * @return false when the claim is not as it was read any more
   */
  boolean begin(Claim claim, @Nullable String sourceVolume, @Nullable String node) {
    Map<String, @Nullable String> annotations = new LinkedHashMap<>();
    if (sourceVolume != null) {
      annotations.put(Names.CLONE_OF_VOLUME, sourceVolume);
    }
    if (node != null) {
      annotations.put(Names.SELECTED_NODE, node);
    }
    try {
      patch(claim, with(claim, Names.MAKING), annotations);
      return true;
    } catch (KubernetesClientException e) {
      if (changedSince(e)) {
        return false;
      }
      throw e;
    }
  }

  /** Ends the record of a claim whose volume is there. What it was cloned from stays. */
  void made(Claim claim) {
    remove(claim, Names.MAKING, Map.of());
  }

  /**
   * Ends the record of a claim for which nothing is being made any more.
   *
   * @param freeNode whether another node may take it
   */
  void givenUp(Claim claim, boolean freeNode) {
    Map<String, @Nullable String> annotations = new LinkedHashMap<>();
    annotations.put(Names.CLONE_OF_VOLUME, null);
    if (freeNode) {
      annotations.put(Names.SELECTED_NODE, null);
    }
    remove(claim, Names.MAKING, annotations);
  }

  /** Removes the selected node, for the scheduler to choose another. */
  void reschedule(Claim claim) {
    Map<String, @Nullable String> annotations = new LinkedHashMap<>();
    annotations.put(Names.SELECTED_NODE, null);
    update(
        claim,
        current -> current.selectedNode() != null,
        current -> finalizers(current),
        annotations);
  }

  /** Puts the finalizer on {@code source}; false when it changed since it was read. */
  boolean protect(Claim source) {
    try {
      patch(source, with(source, Names.CLONE_SOURCE), Map.of());
      return true;
    } catch (KubernetesClientException e) {
      if (changedSince(e)) {
        return false;
      }
      throw e;
    }
  }

  /** Takes the finalizer off {@code source}. */
  void unprotect(Claim source) {
    remove(source, Names.CLONE_SOURCE, Map.of());
  }

  private void remove(
      Claim claim, String finalizer, Map<String, @Nullable String> annotations) {
    update(
        claim,
        current -> current.hasFinalizer(finalizer),
        current -> finalizers(current).stream().filter(f -> !f.equals(finalizer)).toList(),
        annotations);
  }

  private interface Finalizers {
    List<String> of(Claim claim);
  }

  /** Applies a change to the claim as it is now, as long as it is the same one and needs it. */
  private void update(
      Claim claim,
      Predicate<Claim> needed,
      Finalizers finalizers,
      Map<String, @Nullable String> annotations) {
    Claim current = live(claim.key());
    for (int attempt = 1; ; attempt++) {
      if (current == null || !current.uid().equals(claim.uid()) || !needed.test(current)) {
        return;
      }
      try {
        patch(current, finalizers.of(current), annotations);
        return;
      } catch (KubernetesClientException e) {
        if (!changedSince(e) || attempt == CONFLICTS) {
          throw e;
        }
      }
      current = live(claim.key());
    }
  }

  private static List<String> finalizers(Claim claim) {
    List<String> finalizers = claim.object().getMetadata().getFinalizers();
    return finalizers == null ? List.of() : finalizers;
  }

  private static List<String> with(Claim claim, String finalizer) {
    var finalizers = new ArrayList<>(finalizers(claim));
    if (!finalizers.contains(finalizer)) {
      finalizers.add(finalizer);
    }
    return finalizers;
  }

  /**
   * 409: the resource version is not the current one. 404: gone. 422: a finalizer was to be added to
   * what is being deleted.
   */
  private static boolean changedSince(KubernetesClientException e) {
    return e.getCode() == 409 || e.getCode() == 404 || e.getCode() == 422;
  }

  private void patch(
      Claim claim, List<String> finalizers, Map<String, @Nullable String> annotations) {
    Map<String, Object> metadata = new LinkedHashMap<>();
    metadata.put("uid", claim.uid());
    metadata.put("resourceVersion", claim.object().getMetadata().getResourceVersion());
    metadata.put("finalizers", finalizers);
    if (!annotations.isEmpty()) {
      metadata.put("annotations", annotations);
    }
    String patch = client.getKubernetesSerialization().asJson(Map.of("metadata", metadata));
    resource(claim.key()).patch(PatchContext.of(PatchType.JSON_MERGE), patch);
  }

  private Resource<PersistentVolumeClaim> resource(ClaimKey key) {
    return client.persistentVolumeClaims().inNamespace(key.namespace()).withName(key.name());
  }
}
