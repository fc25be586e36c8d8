package io.csiclone.certs;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.List;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.util.io.pem.PemObject;
import org.bouncycastle.util.io.pem.PemReader;
import org.bouncycastle.util.io.pem.PemWriter;
import org.jspecify.annotations.Nullable;

/** Certificates and keys as PEM text, both ways. */
final class Pem {
  private static final String PRIVATE_KEY = "PRIVATE KEY";

  private Pem() {}

  static String of(X509Certificate certificate) throws CertificateEncodingException {
    return write("CERTIFICATE", certificate.getEncoded());
  }

  /** PKCS#8: what the JDK's keys encode to, and what every TLS server reads. */
  static String of(PrivateKey key) {
    return write(PRIVATE_KEY, key.getEncoded());
  }

  static List<X509Certificate> certificates(String pem) throws CertificateException {
    List<X509Certificate> certificates =
        CertificateFactory.getInstance("X.509")
            .generateCertificates(new ByteArrayInputStream(pem.getBytes(StandardCharsets.UTF_8)))
            .stream()
            .map(X509Certificate.class::cast)
            .toList();
    if (certificates.isEmpty()) {
      throw new CertificateException("no certificate in it");
    }
    return certificates;
  }

  /**
   * Reads the private key that belongs to a public key of the given algorithm, EC or RSA: PKCS#8,
   * or the older forms of openssl, not encrypted.
   */
  static PrivateKey privateKey(String pem, String algorithm) throws GeneralSecurityException {
    try (PemReader reader = new PemReader(new StringReader(pem))) {
      PemObject first = reader.readPemObject();
      // What is kept here has this form; the parser for all the others is hundreds of classes.
      if (first != null && first.getType().equals(PRIVATE_KEY)) {
        return privateKey(first.getContent(), algorithm);
      }
    } catch (IOException | RuntimeException e) {
      throw unreadable(e);
    }
    return ofOlderForm(pem, algorithm);
  }

  private static PrivateKey ofOlderForm(String pem, String algorithm)
      throws GeneralSecurityException {
    try (PEMParser parser = new PEMParser(new StringReader(pem))) {
      for (Object found = parser.readObject(); found != null; found = parser.readObject()) {
        // Curve parameters may stand before a key of the older form.
        PrivateKeyInfo key =
            found instanceof PEMKeyPair pair ? pair.getPrivateKeyInfo() : asKey(found);
        if (key != null) {
          return privateKey(key.getEncoded(), algorithm);
        }
      }
      throw new GeneralSecurityException("no private key in it that is not encrypted");
    } catch (IOException | RuntimeException e) {
      throw unreadable(e);
    }
  }

  private static PrivateKey privateKey(byte[] pkcs8, String algorithm)
      throws GeneralSecurityException {
    return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
  }

  /** The parser answers damaged base64 with exceptions of several kinds. */
  private static GeneralSecurityException unreadable(Exception cause) {
    return new GeneralSecurityException("no readable PEM", cause);
  }

  private static @Nullable PrivateKeyInfo asKey(Object found) {
    return found instanceof PrivateKeyInfo key ? key : null;
  }

  private static String write(String type, byte[] content) {
    StringWriter text = new StringWriter();
    try (PemWriter writer = new PemWriter(text)) {
      writer.writeObject(new PemObject(type, content));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }
}
