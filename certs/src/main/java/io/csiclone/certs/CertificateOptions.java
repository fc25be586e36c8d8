package io.csiclone.certs;

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
 */
public record CertificateOptions(
    String namespace, String secretName, String configurationName, List<String> dnsNames) {

  /**
   * @throws IllegalArgumentException if a name is empty, or one of {@code dnsNames} is neither a
   *     host name nor an IP address
   */
  public CertificateOptions {
    requireText(namespace, "namespace");
    requireText(secretName, "secretName");
    requireText(configurationName, "configurationName");
    dnsNames = dnsNames.stream().map(String::strip).toList();
    if (dnsNames.isEmpty()) {
      throw new IllegalArgumentException(
          "dnsNames is empty: name at least one host name under which the webhook is called");
    }
    dnsNames.forEach(ServerName::parse);
  }

  private static void requireText(String value, String name) {
    if (value.isBlank()) {
      throw new IllegalArgumentException(name + " is empty");
    }
  }
}
