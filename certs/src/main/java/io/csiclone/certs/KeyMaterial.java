package io.csiclone.certs;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The entries of the Secret, each PEM text. What is absent in the Secret is empty here.
 *
 * @param caPem {@code ca.crt}: the CA that signs, then those before it that are still trusted
 * @param caKeyPem {@code ca.key}, of the CA that signs
 * @param nextCaPem {@code next-ca.crt}: the CA that is trusted already and signs soon; mostly empty
 * @param nextCaKeyPem {@code next-ca.key}
 * @param certificatePem {@code tls.crt}, the server's certificate first
 * @param privateKeyPem {@code tls.key}
 */
record KeyMaterial(
    String caPem,
    String caKeyPem,
    String nextCaPem,
    String nextCaKeyPem,
    String certificatePem,
    String privateKeyPem) {
  static final String CA_CERTIFICATE = "ca.crt";
  static final String CA_KEY = "ca.key";
  static final String NEXT_CA_CERTIFICATE = "next-ca.crt";
  static final String NEXT_CA_KEY = "next-ca.key";
  static final String CERTIFICATE = "tls.crt";
  static final String PRIVATE_KEY = "tls.key";

  /** Every entry that is ours; others in the Secret are left alone. */
  static final List<String> ENTRIES =
      List.of(CA_CERTIFICATE, CA_KEY, NEXT_CA_CERTIFICATE, NEXT_CA_KEY, CERTIFICATE, PRIVATE_KEY);

  /** With no CA to come. */
  KeyMaterial(String caPem, String caKeyPem, String certificatePem, String privateKeyPem) {
    this(caPem, caKeyPem, "", "", certificatePem, privateKeyPem);
  }

  static KeyMaterial fromEntries(Map<String, String> entries) {
    return new KeyMaterial(
        entries.getOrDefault(CA_CERTIFICATE, ""),
        entries.getOrDefault(CA_KEY, ""),
        entries.getOrDefault(NEXT_CA_CERTIFICATE, ""),
        entries.getOrDefault(NEXT_CA_KEY, ""),
        entries.getOrDefault(CERTIFICATE, ""),
        entries.getOrDefault(PRIVATE_KEY, ""));
  }

  /** Those of {@link #ENTRIES} that are not empty. */
  Map<String, String> toEntries() {
    Map<String, String> entries = new LinkedHashMap<>();
    List<String> texts =
        List.of(caPem, caKeyPem, nextCaPem, nextCaKeyPem, certificatePem, privateKeyPem);
    for (int i = 0; i < texts.size(); i++) {
      if (!texts.get(i).isBlank()) {
        entries.put(ENTRIES.get(i), texts.get(i));
      }
    }
    return entries;
  }

  boolean hasNextAuthority() {
    return !nextCaPem.isBlank() || !nextCaKeyPem.isBlank();
  }

  /** Every CA that callers are told to trust. */
  String trustedPem() {
    return joined(caPem, nextCaPem);
  }

  KeyMaterial withNextAuthority(String certificatePem, String keyPem) {
    return new KeyMaterial(
        caPem, caKeyPem, certificatePem, keyPem, this.certificatePem, privateKeyPem);
  }

  /** With another serving certificate. */
  KeyMaterial serving(String newCertificatePem, String newPrivateKeyPem) {
    return new KeyMaterial(
        caPem, caKeyPem, nextCaPem, nextCaKeyPem, newCertificatePem, newPrivateKeyPem);
  }

  /** The next CA signs; the one that did is still trusted. */
  KeyMaterial withAuthorityAdopted() {
    return new KeyMaterial(
        joined(nextCaPem, caPem), nextCaKeyPem, "", "", certificatePem, privateKeyPem);
  }

  private static String joined(String first, String second) {
    return first.isEmpty() || first.endsWith("\n") ? first + second : first + "\n" + second;
  }

  /** Leaves the private keys out. */
  @Override
  public String toString() {
    return "KeyMaterial[" + certificatePem + "]";
  }
}
