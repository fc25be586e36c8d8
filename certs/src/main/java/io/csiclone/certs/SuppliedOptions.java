package io.csiclone.certs;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where certificates are found that somebody else keeps.
 *
 * @param namespace the namespace of the Secret
 * @param secretName a Secret with the entries {@code tls.crt} and {@code tls.key}
 * @param dnsNames the names under which the server is called, at least one; host names or IP
 *     addresses. A certificate that lacks one is not served
 * @param publishTo the name of both webhook configurations whose {@code caBundle} is filled with
 *     the entry {@code ca.crt}; null if they are none of our business
 */
public record SuppliedOptions(
    String namespace, String secretName, List<String> dnsNames, @Nullable String publishTo) {

  /**
   * @throws IllegalArgumentException if a name is empty, or one of {@code dnsNames} is neither a
   *     host name nor an IP address
   */
  public SuppliedOptions {
    CertificateOptions.requireText(namespace, "namespace");
    CertificateOptions.requireText(secretName, "secretName");
    dnsNames = CertificateOptions.checkedNames(dnsNames);
    if (publishTo != null) {
      CertificateOptions.requireText(publishTo, "publishTo");
    }
  }
}
