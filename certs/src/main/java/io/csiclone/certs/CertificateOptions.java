package io.csiclone.certs;

import java.time.Duration;
import java.util.List;

/**
 * Where certificates are kept and whom they name.
 *
 * @param namespace the namespace of the Secret
 * @param secretName the Secret that all replicas share; made if it does not exist
 * @param configurationName the name of both the MutatingWebhookConfiguration and the
 *     ValidatingWebhookConfiguration whose {@code caBundle} is filled
 * @param dnsNames the names under which the server is called, at least one; host names (a leading
 *     {@code *.} is allowed) or IP addresses
 * @param overlap how long a new CA is trusted before a certificate of it is served, and how long
 *     the one before it is trusted after that; long enough for every API server to read the webhook
 *     configurations and for every replica to read the Secret
 */
public record CertificateOptions(
    String namespace,
    String secretName,
    String configurationName,
    List<String> dnsNames,
    Duration overlap) {

  /** Five minutes, five times what a replica takes to notice a change that no watch told it of. */
  public static final Duration DEFAULT_OVERLAP = Duration.ofMinutes(5);

  /**
   * @throws IllegalArgumentException if a name is empty, or one of {@code dnsNames} is neither a
   *     host name nor an IP address, or {@code overlap} is negative
   */
  public CertificateOptions {
    requireText(namespace, "namespace");
    requireText(secretName, "secretName");
    requireText(configurationName, "configurationName");
    dnsNames = checkedNames(dnsNames);
    if (overlap.isNegative()) {
      throw new IllegalArgumentException("overlap is negative: " + overlap);
    }
  }

  /** With {@link #DEFAULT_OVERLAP}. */
  public CertificateOptions(
      String namespace, String secretName, String configurationName, List<String> dnsNames) {
    this(namespace, secretName, configurationName, dnsNames, DEFAULT_OVERLAP);
  }

  static List<String> checkedNames(List<String> dnsNames) {
    List<String> names = dnsNames.stream().map(String::strip).toList();
    if (names.isEmpty()) {
      throw new IllegalArgumentException(
          "dnsNames is empty: name at least one host name under which the webhook is called");
    }
    names.forEach(ServerName::parse);
    return names;
  }

  static void requireText(String value, String name) {
    if (value.isBlank()) {
      throw new IllegalArgumentException(name + " is empty");
    }
  }
}
