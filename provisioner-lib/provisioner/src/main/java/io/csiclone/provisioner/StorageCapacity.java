package io.csiclone.provisioner;

import io.fabric8.kubernetes.api.model.OwnerReference;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How the scheduler is told, through CSIStorageCapacity objects, where the driver has how much room
 * left. It heeds them for drivers whose CSIDriver object has {@code storageCapacity: true}.
 *
 * @param namespace of the objects, most often the driver's own
 * @param owner with whom they vanish; null leaves them in place when the driver is removed
 * @param refresh how often the driver is asked though nothing is known to have changed
 * @param immediateBinding whether classes that do not wait for a pod get objects too, which no
 *     scheduler reads
 */
public record StorageCapacity(
    String namespace, @Nullable OwnerReference owner, Duration refresh, boolean immediateBinding) {

  /** One minute. */
  public static final Duration DEFAULT_REFRESH = Duration.ofMinutes(1);

  /**
   * Checks the settings.
   *
   * @throws IllegalArgumentException naming the one that cannot be used
   */
  public StorageCapacity {
    if (namespace.isBlank()) {
      throw new IllegalArgumentException(
          "the namespace of the storage capacity objects is blank; give the driver's own");
    }
    if (!refresh.isPositive()) {
      throw new IllegalArgumentException(
          "storage capacity is to be refreshed every " + refresh + "; it has to be positive");
    }
  }

  /** Objects without owner in {@code namespace}, for classes that wait for a pod. */
  public static StorageCapacity in(String namespace) {
    return new StorageCapacity(namespace, null, DEFAULT_REFRESH, false);
  }

  /** The same, but the objects vanish with {@code owner}, which is in their namespace. */
  public StorageCapacity ownedBy(OwnerReference owner) {
    return new StorageCapacity(namespace, owner, refresh, immediateBinding);
  }

  /** The same, with another interval. */
  public StorageCapacity refreshedEvery(Duration interval) {
    return new StorageCapacity(namespace, owner, interval, immediateBinding);
  }

  /** The same, for classes that do not wait for a pod as well. */
  public StorageCapacity forImmediateBinding() {
    return new StorageCapacity(namespace, owner, refresh, true);
  }
}
