package io.csiclone.provisioner;

import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes finalizers and annotations of claims. */
final class ClaimWriter {

  private static final Logger LOG = LoggerFactory.getLogger(ClaimWriter.class);
  private static final int ATTEMPTS = 8;

  private final KubernetesClient client;

  ClaimWriter(KubernetesClient client) {
    this.client = client;
  }

  /** The claim as the API server has it now; null when it has none. */
  @Nullable Claim live(ClaimKey key) {
    PersistentVolumeClaim object =
        client.persistentVolumeClaims().inNamespace(key.namespace()).withName(key.name()).get();
    return object == null ? null : new Claim(object);
  }

  /**
   * Records that the volume of {@code claim} is about to be made.
   *
   * @param origin the annotations that say what the volume will be made from
   * @param node the node whose provisioner takes the claim, or null
   * @param place where the volume is asked for, or null
   * @return the claim as it is now; null when it is not as it was read any more
   */
  @Nullable Claim begin(
      Claim claim, Map<String, String> origin, @Nullable String node, @Nullable String place) {
    MetadataPatch patch = patch(claim).with(Names.MAKING).annotate(Names.PLACE, place);
    origin.forEach(patch::annotate);
    if (node != null && !node.equals(claim.selectedNode())) {
      patch.annotate(Names.SELECTED_NODE, node);
    }
    return sent(patch);
  }

  /** Ends the record of a claim whose volume is there. What it was cloned from stays. */
  void made(Claim claim) {
    update(
        claim,
        c -> c.hasFinalizer(Names.MAKING),
        patch ->
            patch.without(Names.MAKING).annotate(Names.PLACE, null).annotate(Names.PROGRESS, null));
  }

  /**
   * Ends the record of a claim for which nothing is being made any more.
   *
   * @param freeNode whether another node may take it
   */
  void givenUp(Claim claim, boolean freeNode) {
    update(
        claim,
        c -> c.hasFinalizer(Names.MAKING),
        patch -> {
          patch
              .without(Names.MAKING)
              .annotate(Names.CLONE_OF_VOLUME, null)
              .annotate(Names.RESTORED_FROM_CONTENT, null)
              .annotate(Names.PLACE, null)
              .annotate(Names.PROGRESS, null);
          return freeNode ? patch.annotate(Names.SELECTED_NODE, null) : patch;
        });
  }

  /**
   * Removes the selected node if it still is the one that was read, for the scheduler to choose
   * another.
   */
  void reschedule(Claim claim) {
    update(
        claim,
        c -> Objects.equals(claim.selectedNode(), c.selectedNode()),
        patch -> patch.annotate(Names.SELECTED_NODE, null));
  }

  /**
   * Shows on {@code claim} how far its volume is.
   *
   * @return the claim as it is now; null when that failed, which is no loss
   */
  @Nullable Claim progress(Claim claim, String percent) {
    try {
      return sent(
          MetadataPatch.ifFinalizersAreSame(client, claim.object())
              .annotate(Names.PROGRESS, percent));
    } catch (KubernetesClientException e) {
      LOG.debug("claim {}: progress not shown: {}", claim.key(), e.toString());
      return null;
    }
  }

  /**
   * Puts the finalizer on {@code source}, and, if {@code clone} is of another namespace, the proof
   * that it was begun; false when {@code source} changed since it was read.
   */
  boolean protect(Claim source, Claim clone) {
    MetadataPatch patch = patch(source).with(Names.CLONE_SOURCE);
    if (clone.crossesNamespaces()) {
      var uids = new LinkedHashSet<String>();
      // Without the finalizer they are left over.
      uids.addAll(source.hasFinalizer(Names.CLONE_SOURCE) ? source.clonedBy() : List.of());
      uids.add(clone.uid());
      patch.annotate(Names.CLONED_BY, String.join(",", uids));
    }
    return sent(patch) != null;
  }

  /** Takes the finalizer off {@code source}. */
  void unprotect(Claim source) {
    update(
        source,
        c -> c.hasFinalizer(Names.CLONE_SOURCE),
        patch -> patch.without(Names.CLONE_SOURCE).annotate(Names.CLONED_BY, null));
  }

  /** Applies a change to the claim as it is now, as long as it is the same one and needs it. */
  private void update(Claim claim, Predicate<Claim> needed, UnaryOperator<MetadataPatch> change) {
    // Most often its finalizers are as they were last seen; what else changed does not matter.
    MetadataPatch patch = MetadataPatch.ifFinalizersAreSame(client, claim.object());
    if (needed.test(claim) && sent(change.apply(patch)) != null) {
      return;
    }
    for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
      Claim now = live(claim.key());
      if (now == null || !now.uid().equals(claim.uid()) || !needed.test(now)) {
        return;
      }
      if (sent(change.apply(patch(now))) != null) {
        return;
      }
    }
    throw new ProvisioningException(
        "claim " + claim.key() + " changes too often to be written; trying again");
  }

  private MetadataPatch patch(Claim claim) {
    return MetadataPatch.ifUnchanged(client, claim.object());
  }

  /**
   * Sends {@code patch} and returns the claim it made; null when the object changed since it was
   * read. 409: the resource version is not the current one. 404: gone. 422: a finalizer was to be
   * added to what is being deleted, or the finalizers are not as they were seen.
   */
  private static @Nullable Claim sent(MetadataPatch patch) {
    try {
      return new Claim((PersistentVolumeClaim) patch.send());
    } catch (KubernetesClientException e) {
      if (e.getCode() == 409 || e.getCode() == 404 || e.getCode() == 422) {
        return null;
      }
      throw e;
    }
  }
}
