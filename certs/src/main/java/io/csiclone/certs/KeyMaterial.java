package io.csiclone.certs;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The four entries of the Secret, each PEM text. What is absent in the Secret is empty here.
 *
 * @param caPem {@code ca.crt}, the signing CA first
 * @param caKeyPem {@code ca.key}
 * @param certificatePem {@code tls.crt}, the server's certificate first
 * @param privateKeyPem {@code tls.key}
 */
record KeyMaterial(String caPem, String caKeyPem, String certificatePem, String privateKeyPem) {
  static final String CA_CERTIFICATE = "ca.crt";
  static final String CA_KEY = "ca.key";
  static final String CERTIFICATE = "tls.crt";
  static final String PRIVATE_KEY = "tls.key";

  static KeyMaterial fromEntries(Map<String, String> entries) {
    return new KeyMaterial(
        entries.getOrDefault(CA_CERTIFICATE, ""),
        entries.getOrDefault(CA_KEY, ""),
        entries.getOrDefault(CERTIFICATE, ""),
        entries.getOrDefault(PRIVATE_KEY, ""));
  }

  Map<String, String> toEntries() {
    return Map.of(
        CA_CERTIFICATE, caPem,
        CA_KEY, caKeyPem,
        CERTIFICATE, certificatePem,
        PRIVATE_KEY, privateKeyPem);
  }

  /** The name of the first entry that is absent, or null if none is. */
  @Nullable String missingEntry() {
    Map<String, String> entries = toEntries();
    return List.of(CA_CERTIFICATE, CA_KEY, CERTIFICATE, PRIVATE_KEY).stream()
        .filter(name -> entries.getOrDefault(name, "").isBlank())
        .findFirst()
        .orElse(null);
  }

  /** Leaves the private keys out. */
  @Override
  public String toString() {
    return "KeyMaterial[" + certificatePem + "]";
  }
}
