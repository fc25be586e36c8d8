package io.csiclone.csi;

/**
 * Who a driver is.
 *
 * @param name the driver's name, a DNS name of at most 63 characters, for instance {@code
 *     reflink.csi-clone.io}
 * @param version the vendor's version
 * @param nodeId the id of the node this process serves
 */
public record DriverIdentity(String name, String version, String nodeId) {}
