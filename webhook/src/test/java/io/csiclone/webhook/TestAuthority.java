package io.csiclone.webhook;

import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.Date;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.jspecify.annotations.Nullable;

/** A CA that is not the webhook's: a platform team's, or that of an API server's client. */
final class TestAuthority {

  /** A certificate and its key. */
  record Identity(X509Certificate certificate, KeyPair keys) {
    String certificatePem() {
      return pem(certificate);
    }

    String keyPem() {
      return pem("PRIVATE KEY", keys.getPrivate().getEncoded());
    }

    /** What a client presents. */
    KeyStore keyStore() {
      try {
        var store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry(
            "client", keys.getPrivate(), new char[0], new Certificate[] {certificate});
        return store;
      } catch (GeneralSecurityException | IOException e) {
        throw new AssertionError(e);
      }
    }
  }

  private final X500Principal name;
  private final Identity own;

  TestAuthority(String name) {
    this.name = new X500Principal("CN=" + name);
    var keys = newKeys();
    this.own =
        new Identity(
            sign(builder(this.name, this.name, keys, Duration.ofDays(30)), true, null, "", keys),
            keys);
  }

  String pem() {
    return own.certificatePem();
  }

  Identity server(String... names) {
    return issue("server", KeyPurposeId.id_kp_serverAuth, Duration.ofDays(3), names);
  }

  Identity expiredServer(String... names) {
    return issue("server", KeyPurposeId.id_kp_serverAuth, Duration.ofHours(-1), names);
  }

  Identity client(String commonName) {
    return issue(commonName, KeyPurposeId.id_kp_clientAuth, Duration.ofDays(3), "client");
  }

  private Identity issue(String subject, KeyPurposeId use, Duration validity, String... names) {
    var keys = newKeys();
    var builder = builder(name, new X500Principal("CN=" + subject), keys, validity);
    return new Identity(sign(builder, false, use, String.join(",", names), own.keys()), keys);
  }

  private static JcaX509v3CertificateBuilder builder(
      X500Principal issuer, X500Principal subject, KeyPair keys, Duration validity) {
    return new JcaX509v3CertificateBuilder(
        issuer,
        BigInteger.valueOf(System.nanoTime()),
        Date.from(Instant.now().minus(Duration.ofHours(2))),
        Date.from(Instant.now().plus(validity)),
        subject,
        keys.getPublic());
  }

  private static X509Certificate sign(
      JcaX509v3CertificateBuilder builder,
      boolean authority,
      @Nullable KeyPurposeId use,
      String names,
      KeyPair signer) {
    try {
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(authority));
      if (use != null) {
        builder.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(use));
        builder.addExtension(
            Extension.subjectAlternativeName,
            false,
            new GeneralNames(
                Arrays.stream(names.split(",", -1))
                    .map(each ->
                        new GeneralName(
                            each.matches("[0-9.]+") ? GeneralName.iPAddress : GeneralName.dNSName,
                            each))
                    .toArray(GeneralName[]::new)));
      }
      return new JcaX509CertificateConverter()
          .getCertificate(
              builder.build(
                  new JcaContentSignerBuilder("SHA256withECDSA").build(signer.getPrivate())));
    } catch (GeneralSecurityException | OperatorException | IOException e) {
      throw new AssertionError(e);
    }
  }

  private static KeyPair newKeys() {
    try {
      var generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(256);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private static String pem(X509Certificate certificate) {
    try {
      return pem("CERTIFICATE", certificate.getEncoded());
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private static String pem(String type, byte[] content) {
    return "-----BEGIN %s-----%n%s%n-----END %s-----%n"
        .formatted(type, Base64.getMimeEncoder().encodeToString(content), type);
  }
}
