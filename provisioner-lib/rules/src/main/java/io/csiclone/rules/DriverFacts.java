package io.csiclone.rules;

/**
 * A CSI driver, as the cluster knows it.
 *
 * @param name the driver's name
 * @param registered whether a CSIDriver object of that name exists
 * @param cloneSupport whether the driver says that it can clone
 */
public record DriverFacts(String name, boolean registered, CloneSupport cloneSupport) {

  /**
   * The annotation by which a CSIDriver object says whether its driver can clone: {@code true} or
   * {@code false}.
   */
  public static final String CLONE_ANNOTATION = "csi-clone.io/clone-volume";

  /** What a driver says of CLONE_VOLUME. */
  public enum CloneSupport {
    YES,
    NO,
    UNKNOWN
  }
}
