package io.csiclone.provisioner;

import java.time.Duration;

/**
 * How instances agree which one of them serves, through a Lease (coordination.k8s.io/v1).
 *
 * @param namespace of the Lease
 * @param lease its name
 * @param identity what the Lease shows as its holder, such as the pod's name; need not be unique
 * @param duration for how long a holder that is not heard of keeps others waiting; at least 1 s
 */
public record LeaderElection(String namespace, String lease, String identity, Duration duration) {

  /** 15 s, as other controllers use. */
  public static final Duration DEFAULT_DURATION = Duration.ofSeconds(15);

  /**
   * Checks the terms.
   *
   * @throws IllegalArgumentException naming the one that cannot be used
   */
  public LeaderElection {
    if (namespace.isBlank() || lease.isBlank() || identity.isBlank()) {
      throw new IllegalArgumentException(
          "leader election needs a namespace, a lease name and an identity; given were '%s', '%s' and '%s'"
              .formatted(namespace, lease, identity));
    }
    if (duration.compareTo(Duration.ofSeconds(1)) < 0) {
      throw new IllegalArgumentException(
          "the lease's duration is " + duration + "; 1 s is the least");
    }
  }

  /**
   * The usual terms for a driver: a Lease of its name, held for {@link #DEFAULT_DURATION}.
   *
   * @param namespace of the Lease, most often the driver's own
   * @param driverName the CSI driver's name
   * @param identity what the Lease shows as its holder, such as the pod's name
   */
  public static LeaderElection of(String namespace, String driverName, String identity) {
    return new LeaderElection(namespace, driverName.replace('/', '-'), identity, DEFAULT_DURATION);
  }
}
