package io.csiclone.certs;

import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** Makes keys and certificates: ECDSA on P-256 with SHA-256, as RFC 5280 wants them. */
final class CertificateIssuer {
  /** Clocks of nodes differ a little; a certificate is to be good at once everywhere. */
  private static final Duration CLOCK_SKEW = Duration.ofMinutes(5);

  private final CertificatePolicy policy;
  private final SecureRandom random;

  CertificateIssuer(CertificatePolicy policy, SecureRandom random) {
    this.policy = policy;
    this.random = random;
  }

  /** A new CA and a serving certificate signed by it. */
  KeyMaterial createAll(Instant now) {
    try {
      Authority authority = createAuthority(now);
      return issue(authority, Pem.of(authority.certificate()), now);
    } catch (GeneralSecurityException | OperatorCreationException | IOException e) {
      throw new IllegalStateException("The JDK or BouncyCastle cannot make a P-256 certificate", e);
    }
  }

  /** A new serving certificate, with a new key, under the CA of {@code material}. */
  KeyMaterial renewCertificate(KeyMaterial material, Instant now) {
    try {
      return issue(Authority.read(material), material.caPem(), now);
    } catch (GeneralSecurityException | OperatorCreationException | IOException e) {
      throw new IllegalStateException("The stored CA cannot sign a certificate", e);
    }
  }

  private Authority createAuthority(Instant now)
      throws GeneralSecurityException, OperatorCreationException, IOException {
    KeyPair keys = newKeys();
    BigInteger serial = newSerial();
    // Told apart by eye when two are trusted at once.
    String mark = serial.toString(16);
    X500Principal name =
        new X500Principal(
            "CN=csi-clone-webhook CA " + mark.substring(0, Math.min(8, mark.length())));
    JcaX509v3CertificateBuilder builder =
        new JcaX509v3CertificateBuilder(
            name,
            serial,
            Date.from(now.minus(CLOCK_SKEW)),
            Date.from(now.plus(policy.authorityValidity())),
            name,
            keys.getPublic());
    builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
    builder.addExtension(
        Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
    builder.addExtension(
        Extension.subjectKeyIdentifier,
        false,
        new JcaX509ExtensionUtils().createSubjectKeyIdentifier(keys.getPublic()));
    return new Authority(sign(builder, keys.getPrivate()), keys.getPrivate());
  }

  private KeyMaterial issue(Authority authority, String caPem, Instant now)
      throws GeneralSecurityException, OperatorCreationException, IOException {
    KeyPair keys = newKeys();
    JcaX509v3CertificateBuilder builder =
        new JcaX509v3CertificateBuilder(
            authority.certificate().getSubjectX500Principal(),
            newSerial(),
            Date.from(now.minus(CLOCK_SKEW)),
            Date.from(now.plus(policy.certificateValidity())),
            new X500Principal("CN=csi-clone-webhook"),
            keys.getPublic());
    JcaX509ExtensionUtils extensions = new JcaX509ExtensionUtils();
    builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
    builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
    builder.addExtension(
        Extension.extendedKeyUsage, false, new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth));
    builder.addExtension(
        Extension.subjectAlternativeName,
        false,
        new GeneralNames(
            policy.names().stream().map(ServerName::toGeneralName).toArray(GeneralName[]::new)));
    builder.addExtension(
        Extension.subjectKeyIdentifier,
        false,
        extensions.createSubjectKeyIdentifier(keys.getPublic()));
    // From the key alone: with the issuer's serial in it, a CA renewed under its key breaks chains.
    builder.addExtension(
        Extension.authorityKeyIdentifier,
        false,
        extensions.createAuthorityKeyIdentifier(authority.certificate().getPublicKey()));
    X509Certificate certificate = sign(builder, authority.key());
    return new KeyMaterial(
        caPem, Pem.of(authority.key()), Pem.of(certificate), Pem.of(keys.getPrivate()));
  }

  private static X509Certificate sign(JcaX509v3CertificateBuilder builder, PrivateKey key)
      throws GeneralSecurityException, OperatorCreationException {
    String algorithm = key.getAlgorithm().equals("EC") ? "SHA256withECDSA" : "SHA256withRSA";
    return new JcaX509CertificateConverter()
        .getCertificate(builder.build(new JcaContentSignerBuilder(algorithm).build(key)));
  }

  private KeyPair newKeys() throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"), random);
    return generator.generateKeyPair();
  }

  private BigInteger newSerial() {
    return new BigInteger(127, random).add(BigInteger.ONE);
  }
}
