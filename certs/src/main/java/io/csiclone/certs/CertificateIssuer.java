package io.csiclone.certs;

import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
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
import org.jspecify.annotations.Nullable;

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

  /**
   * A new CA and a serving certificate signed by it.
   *
   * @param alsoTrustedPem CAs under which other replicas may be serving; may be empty
   */
  KeyMaterial createAll(Instant now, String alsoTrustedPem) {
    return made(() -> {
      Authority authority = createAuthority(now, null);
      return issue(
          new KeyMaterial(
              Pem.of(authority.certificate()) + alsoTrustedPem, Pem.of(authority.key()), "", ""),
          now);
    });
  }

  /** A new serving certificate, with a new key, under the CA of {@code material}. */
  KeyMaterial renewCertificate(KeyMaterial material, Instant now) {
    return made(() -> issue(material, now));
  }

  /** A CA to replace that of {@code material}, which signs on. */
  KeyMaterial announceAuthority(KeyMaterial material, Instant now) {
    return made(() -> {
      Authority next = createAuthority(now, firstOf(material.caPem()));
      return material.withNextAuthority(Pem.of(next.certificate()), Pem.of(next.key()));
    });
  }

  /** A serving certificate under the CA that was announced; the one before is still trusted. */
  KeyMaterial adoptAuthority(KeyMaterial material, Instant now) {
    return made(() -> issue(material.withAuthorityAdopted(), now));
  }

  /** The CA that signs is trusted, and no other. */
  KeyMaterial retireAuthorities(KeyMaterial material) {
    return made(() ->
        new KeyMaterial(
            Pem.of(Pem.certificates(material.caPem()).getFirst()),
            material.caKeyPem(),
            material.certificatePem(),
            material.privateKeyPem()));
  }

  private Authority createAuthority(Instant now, @Nullable X509Certificate replaced)
      throws GeneralSecurityException, OperatorCreationException, IOException {
    KeyPair keys = newKeys();
    BigInteger serial = newSerial();
    // Told apart by eye when two are trusted at once.
    String mark = serial.toString(16);
    X500Principal name =
        new X500Principal(
            "CN=csi-clone-webhook CA " + mark.substring(0, Math.min(8, mark.length())));
    Period period = Period.of(now, policy.authorityValidity(), replaced);
    JcaX509v3CertificateBuilder builder =
        new JcaX509v3CertificateBuilder(
            name,
            serial,
            Date.from(period.start()),
            Date.from(period.end()),
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

  private KeyMaterial issue(KeyMaterial material, Instant now)
      throws GeneralSecurityException, OperatorCreationException, IOException {
    Authority authority = Authority.read(material.caPem(), material.caKeyPem());
    KeyPair keys = newKeys();
    Period period =
        Period.of(now, policy.certificateValidity(), firstOf(material.certificatePem()));
    JcaX509v3CertificateBuilder builder =
        new JcaX509v3CertificateBuilder(
            authority.certificate().getSubjectX500Principal(),
            newSerial(),
            Date.from(period.start()),
            Date.from(period.end()),
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
    return material.serving(Pem.of(certificate), Pem.of(keys.getPrivate()));
  }

  /**
   * The time of a certificate. One that replaces another is valid wherever that one was, so that a
   * clock that has jumped, here or at a caller, makes nothing worse: whichever clock is right, the
   * new certificate is good when the old one was.
   */
  private record Period(Instant start, Instant end) {
    static Period of(Instant now, Duration validity, @Nullable X509Certificate replaced) {
      Instant start = now.minus(CLOCK_SKEW);
      Instant end = now.plus(validity);
      if (replaced == null) {
        return new Period(start, end);
      }
      Instant before = CertificateChecks.start(replaced);
      Instant until = CertificateChecks.end(replaced);
      // A clock that stands before the start may be behind; then the present is nearer to the end.
      return start.isBefore(before)
          ? new Period(start, until.isAfter(end) ? until : end)
          : new Period(before, end);
    }
  }

  /** The first certificate in that text, null if it holds none that can be read. */
  private static @Nullable X509Certificate firstOf(String pem) {
    try {
      return Pem.certificates(pem).getFirst();
    } catch (CertificateException e) {
      return null;
    }
  }

  private interface Making {
    KeyMaterial make() throws GeneralSecurityException, OperatorCreationException, IOException;
  }

  private static KeyMaterial made(Making making) {
    try {
      return making.make();
    } catch (GeneralSecurityException | OperatorCreationException | IOException e) {
      throw new IllegalStateException("A P-256 certificate cannot be made", e);
    }
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
