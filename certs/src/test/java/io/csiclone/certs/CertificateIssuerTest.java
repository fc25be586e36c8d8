package io.csiclone.certs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CertificateIssuerTest {
  private static final String NAME = "csi-clone-webhook.csi-clone-system.svc";
  // openssl and the JDK's validator look at the machine's clock.
  private final Instant now = Instant.now();

  private final CertificatePolicy policy =
      CertificatePolicy.forNames(
          List.of(NAME, "*.Example.org", "127.0.0.1", "fd00::1"), Duration.ZERO, Duration.ZERO);
  private final CertificateIssuer issuer = new CertificateIssuer(policy, new SecureRandom());
  private final KeyMaterial material = issuer.createAll(now, "");

  @Test
  void theAuthorityMayOnlySignCertificatesOfServers() throws Exception {
    X509Certificate ca = Pem.certificates(material.caPem()).getFirst();

    assertThat(ca.getBasicConstraints()).as("path length").isZero();
    assertThat(ca.getKeyUsage())
        .as("keyCertSign and cRLSign only")
        .containsExactly(false, false, false, false, false, true, true, false, false);
    assertThat(ca.getCriticalExtensionOIDs()).contains("2.5.29.19", "2.5.29.15");
    assertThat(ca.getSigAlgName()).isEqualTo("SHA256withECDSA");
    assertThat(((ECPublicKey) ca.getPublicKey()).getParams().getCurve().getField().getFieldSize())
        .isEqualTo(256);
  }

  @Test
  void theCertificateNamesTheServerAndServesNothingElse() throws Exception {
    X509Certificate certificate = Pem.certificates(material.certificatePem()).getFirst();

    assertThat(certificate.getBasicConstraints()).isEqualTo(-1);
    assertThat(certificate.getKeyUsage())
        .as("digitalSignature only")
        .containsExactly(true, false, false, false, false, false, false, false, false);
    assertThat(certificate.getExtendedKeyUsage())
        .as("server authentication")
        .containsExactly("1.3.6.1.5.5.7.3.1");
    assertThat(ServerName.of(certificate))
        .extracting(ServerName::toString)
        .containsExactlyInAnyOrder(NAME, "*.example.org", "127.0.0.1", "fd00:0:0:0:0:0:0:1");
    assertThat(certificate.getNotBefore().toInstant())
        .isBetween(
            now.minus(Duration.ofMinutes(5)).minusSeconds(1), now.minus(Duration.ofMinutes(5)));
    assertThat(certificate.getNotAfter().toInstant())
        .isBefore(Pem.certificates(material.caPem()).getFirst().getNotAfter().toInstant());
  }

  @Test
  void theIssuerIsFoundByKeyAloneSoThatAnAuthorityRenewedUnderItsKeyStillVouches()
      throws Exception {
    X509Certificate ca = Pem.certificates(material.caPem()).getFirst();
    byte[] ofAuthority = ca.getExtensionValue("2.5.29.14");
    byte[] ofIssuer =
        Pem.certificates(material.certificatePem()).getFirst().getExtensionValue("2.5.29.35");

    // OCTET STRING { OCTET STRING id } against OCTET STRING { SEQUENCE { [0] id } }: no other
    // field.
    assertThat(ofIssuer).hasSize(ofAuthority.length + 2);
    assertThat(new String(ofIssuer, StandardCharsets.ISO_8859_1))
        .endsWith(new String(ofAuthority, 4, ofAuthority.length - 4, StandardCharsets.ISO_8859_1));
  }

  @Test
  void serialNumbersArePositiveAndNeverAlike() throws Exception {
    Set<Object> serials = new HashSet<>();
    for (int i = 0; i < 20; i++) {
      KeyMaterial renewed = issuer.renewCertificate(material, now);
      var serial = Pem.certificates(renewed.certificatePem()).getFirst().getSerialNumber();
      assertThat(serial.signum()).isPositive();
      assertThat(serial.bitLength()).isLessThanOrEqualTo(128);
      serials.add(serial);
    }
    assertThat(serials).hasSize(20);
  }

  @Test
  void theJdkAcceptsTheChain() throws Exception {
    assertThatCode(() -> validate(material.caPem(), material.certificatePem()))
        .doesNotThrowAnyException();
  }

  @Test
  void aRenewedCertificateHasANewKeyUnderTheSameAuthority() throws Exception {
    KeyMaterial renewed = issuer.renewCertificate(material, now.plus(Duration.ofDays(300)));

    assertThat(renewed.caPem()).isEqualTo(material.caPem());
    assertThat(renewed.caKeyPem()).isEqualTo(material.caKeyPem());
    assertThat(renewed.privateKeyPem()).isNotEqualTo(material.privateKeyPem());
    assertThat(
            policy
                .assess(
                    new Situation(renewed, null, null, Duration.ZERO),
                    now.plus(Duration.ofDays(300)))
                .decision())
        .isEqualTo(CertificateDecision.KEEP);
  }

  @Test
  void opensslAcceptsTheChainTheNamesAndTheKeys(@TempDir Path folder) throws Exception {
    assumeTrue(
        List.of("/usr/bin/openssl", "/usr/local/bin/openssl").stream()
            .anyMatch(path -> Files.isExecutable(Path.of(path))),
        "openssl is not installed");
    Files.writeString(folder.resolve("ca.crt"), material.caPem());
    Files.writeString(folder.resolve("tls.crt"), material.certificatePem());
    Files.writeString(folder.resolve("tls.key"), material.privateKeyPem());

    openssl(
        folder,
        "verify -x509_strict -purpose sslserver -verify_hostname "
            + NAME
            + " -CAfile ca.crt tls.crt");
    openssl(folder, "verify -x509_strict -verify_ip 127.0.0.1 -CAfile ca.crt tls.crt");
    openssl(folder, "verify -x509_strict -verify_ip fd00::1 -CAfile ca.crt tls.crt");
    String publicKey = openssl(folder, "x509 -in tls.crt -noout -pubkey");
    assertThat(openssl(folder, "pkey -in tls.key -pubout")).isEqualTo(publicKey);
    assertThat(material.privateKeyPem()).startsWith("-----BEGIN PRIVATE KEY-----");
  }

  /** What openssl writes: the older forms, and a curve's parameters before the key. */
  @Test
  void keysOfEveryUnencryptedFormAreRead(@TempDir Path folder) throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/openssl")), "openssl is not installed");
    openssl(folder, "ecparam -name prime256v1 -genkey -out ec.pem");
    openssl(folder, "genrsa -traditional -out rsa.pem 2048");
    openssl(folder, "genrsa -out pkcs8.pem 2048");
    openssl(folder, "genrsa -aes128 -passout pass:secret -out encrypted.pem 2048");

    assertThat(Files.readString(folder.resolve("ec.pem"))).contains("EC PARAMETERS");
    assertThat(Files.readString(folder.resolve("rsa.pem"))).contains("BEGIN RSA PRIVATE KEY");
    assertThat(Pem.privateKey(Files.readString(folder.resolve("ec.pem")), "EC").getAlgorithm())
        .isEqualTo("EC");
    for (String file : List.of("rsa.pem", "pkcs8.pem")) {
      assertThat(Pem.privateKey(Files.readString(folder.resolve(file)), "RSA").getFormat())
          .isEqualTo("PKCS#8");
    }
    assertThatThrownBy(
            () -> Pem.privateKey(Files.readString(folder.resolve("encrypted.pem")), "RSA"))
        .hasMessageContaining("encrypted");
  }

  private static String openssl(Path folder, String arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("openssl"));
    command.addAll(List.of(arguments.split(" ")));
    Process process =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as("openssl %s: %s", arguments, output).isZero();
    return output;
  }

  static void validate(String caPem, String certificatePem) throws Exception {
    PKIXParameters parameters =
        new PKIXParameters(Set.of(new TrustAnchor(Pem.certificates(caPem).getFirst(), null)));
    parameters.setRevocationEnabled(false);
    CertPathValidator.getInstance("PKIX")
        .validate(
            CertificateFactory.getInstance("X.509")
                .generateCertPath(Pem.certificates(certificatePem)),
            parameters);
  }
}
