package io.csiclone.provisioner;

import io.csiclone.facts.ClusterFacts;
import io.csiclone.rules.RuleCode;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Keeps sources from vanishing while clones of them are made, by a finalizer that is there just as
 * long.
 *
 * <p>A clone is recorded on its claim <em>before</em> its source gets the finalizer. Both are
 * claims and come by one watch, in order: whoever sees the finalizer has seen the record, and so a
 * source with the finalizer of which no clone is recorded is a leftover.
 */
final class SourceProtection {

  private static final int ATTEMPTS = 5;

  private final ClusterCache cache;
  private final ClusterFacts facts;
  private final ClaimWriter writer;
  private final String driverName;
  private final @Nullable NodeTopology node;

  /** The clones in the making by their source, for what the cache does not show yet. */
  private final Map<ClaimKey, Set<ClaimKey>> making = new ConcurrentHashMap<>();

  /** By source, the version that lost the finalizer and that the cache may still show. */
  private final Map<ClaimKey, String> unprotected = new ConcurrentHashMap<>();

  private final ReentrantLock[] locks = new ReentrantLock[64];

  SourceProtection(
      ClusterCache cache,
      ClusterFacts facts,
      ClaimWriter writer,
      String driverName,
      @Nullable NodeTopology node) {
    this.cache = cache;
    this.facts = facts;
    this.writer = writer;
    this.driverName = driverName;
    this.node = node;
    for (int i = 0; i < locks.length; i++) {
      locks[i] = new ReentrantLock();
    }
  }

  /**
   * Protects {@code source}, still bound to {@code volumeName}, for {@code clone}.
   *
   * @throws ProvisioningException when there is nothing left to protect
   */
  void begin(ClaimKey source, Claim clone, String volumeName) {
    protect(
        source,
        clone,
        live -> {
          if (live == null) {
            throw refusal(RuleCode.SOURCE_NOT_FOUND, source, "does not exist any more");
          }
          if (live.terminating()) {
            throw refusal(RuleCode.SOURCE_TERMINATING, source, "is being deleted");
          }
          if (!volumeName.equals(live.object().getSpec().getVolumeName())) {
            throw refusal(RuleCode.SOURCE_NOT_BOUND, source, "is not bound as it was any more");
          }
          return true;
        });
  }

  /** Protects {@code source} again, as far as it can be, for a clone that may be under way. */
  void resume(ClaimKey source, Claim clone) {
    protect(source, clone, live -> live != null && !live.terminating());
  }

  private static ProvisioningException refusal(RuleCode code, ClaimKey source, String what) {
    return new ProvisioningException(code.id() + ": source claim " + source + " " + what);
  }

  private void protect(ClaimKey source, Claim clone, Function<@Nullable Claim, Boolean> worthIt) {
    ReentrantLock lock = lock(source);
    lock.lock();
    try {
      Set<ClaimKey> clones = making.get(source);
      if (clones != null && !clone.crossesNamespaces()) {
        clones.add(clone.key());
        return;
      }
      boolean done = protectAsCached(source, clone, worthIt);
      for (int attempt = 1; !done; attempt++) {
        if (attempt > ATTEMPTS) {
          throw new ProvisioningException(
              "source claim " + source + " changes too often to be protected; trying again");
        }
        Claim live = writer.live(source);
        done =
            !worthIt.apply(live)
                || live == null
                || isProtected(live, clone)
                || writer.protect(live, clone);
      }
      making.computeIfAbsent(source, key -> new HashSet<>()).add(clone.key());
    } finally {
      lock.unlock();
    }
  }

  private static boolean isProtected(Claim live, Claim clone) {
    return clone.crossesNamespaces()
        ? live.isClonedBy(clone)
        : live.hasFinalizer(Names.CLONE_SOURCE);
  }

  /**
   * Whether what {@code clone} says of itself, to have been begun as a clone, is to be believed.
   */
  private static boolean isRecorded(Claim clone, Claim source) {
    return clone.recorded() && (!clone.crossesNamespaces() || source.isClonedBy(clone));
  }

  /** Protects {@code source} without reading it, if it still is as it was last seen. */
  private boolean protectAsCached(
      ClaimKey source, Claim clone, Function<@Nullable Claim, Boolean> worthIt) {
    Claim cached = cache.claim(source);
    // A finalizer seen may be gone by now; one that is put on an unchanged claim is there.
    if (cached == null || cached.terminating() || cached.hasFinalizer(Names.CLONE_SOURCE)) {
      return false;
    }
    try {
      return worthIt.apply(cached) && writer.protect(cached, clone);
    } catch (ProvisioningException refusedAsCached) {
      return false;
    }
  }

  /** Notes that {@code clone} is not in the making any more. A sweep of its source is due. */
  void release(ClaimKey source, ClaimKey clone) {
    ReentrantLock lock = lock(source);
    lock.lock();
    try {
      Set<ClaimKey> clones = making.get(source);
      if (clones != null && clones.remove(clone) && clones.isEmpty()) {
        making.remove(source);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Takes the finalizer off {@code source} if no clone of it is being made. */
  WorkQueue.Outcome sweep(ClaimKey source) {
    ReentrantLock lock = lock(source);
    lock.lock();
    try {
      Claim claim = cache.claim(source);
      if (claim == null || !claim.hasFinalizer(Names.CLONE_SOURCE)) {
        unprotected.remove(source);
        return WorkQueue.Outcome.DONE;
      }
      if (!claim.object().getMetadata().getResourceVersion().equals(unprotected.get(source))
          && !making.containsKey(source)
          // When the record of the last one goes, its claim's update brings us here again.
          && cache.clonesOf(source).stream().noneMatch(clone -> isRecorded(clone, claim))
          && isOurs(claim)) {
        writer.unprotect(claim);
        unprotected.put(source, claim.object().getMetadata().getResourceVersion());
      }
      return WorkQueue.Outcome.DONE;
    } finally {
      lock.unlock();
    }
  }

  /** Whether this instance made the clones that {@code source} may have had. */
  private boolean isOurs(Claim source) {
    String volumeName = source.object().getSpec().getVolumeName();
    PersistentVolume volume =
        volumeName != null && !volumeName.isEmpty() ? facts.volume(volumeName).orElse(null) : null;
    if (volume == null) {
      return source.isFor(driverName);
    }
    return PersistentVolumes.handle(volume, driverName) != null
        && (node == null || node.reaches(volume));
  }

  private ReentrantLock lock(ClaimKey source) {
    return locks[Math.floorMod(source.hashCode(), locks.length)];
  }
}
