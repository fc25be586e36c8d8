package io.csiclone.csi;

import java.util.regex.Pattern;

/**
 * Who a driver is.
 *
 * @param name the driver's name, a DNS name of at most 63 characters, for instance {@code
 *     reflink.csi-clone.io}
 * @param version the vendor's version
 * @param nodeId the id of the node this process serves, at most 192 bytes
 */
public record DriverIdentity(String name, String version, String nodeId) {

  private static final Pattern NAME =
      Pattern.compile(
          "[a-z0-9A-Z]([-a-z0-9A-Z]*[a-z0-9A-Z])?(\\.[a-z0-9A-Z]([-a-z0-9A-Z]*[a-z0-9A-Z])?)*");

  /**
   * @throws IllegalArgumentException when a part is not what callers accept
   */
  public DriverIdentity {
    if (name.length() > 63 || !NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "A driver's name must be a DNS name of at most 63 characters: " + name);
    }
    if (version.isBlank()) {
      throw new IllegalArgumentException("The driver " + name + " needs a version");
    }
    if (nodeId.isBlank() || nodeId.length() > 192) {
      throw new IllegalArgumentException(
          "The driver " + name + " needs a node id of 1 to 192 characters: " + nodeId);
    }
  }
}
