package io.csiclone.certs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfigurationBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhookConfigurationBuilder;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

@EnableKubernetesMockClient(crud = true)
class SelfManagedCertificatesTest {
  private static final Logger MOCK_SERVER_LOG =
      Logger.getLogger("io.fabric8.mockwebserver.MockWebServer");
  private static final AtomicInteger TESTS = new AtomicInteger();
  private static final Timing TIMING =
      new Timing(Duration.ofSeconds(20), Duration.ofMillis(300), Duration.ofMillis(100));

  @SuppressWarnings("NullAway.Init") // set by the extension before the first test
  private static KubernetesClient client;

  // Tests share the server, so each has its own namespace and configurations.
  private final String suffix = "-" + TESTS.incrementAndGet();
  private final CertificateOptions options =
      new CertificateOptions(
          "csi-clone-system" + suffix,
          "csi-clone-webhook-tls",
          "csi-clone-webhook" + suffix,
          List.of("csi-clone-webhook.csi-clone-system.svc"));
  private final AtomicReference<Instant> now = new AtomicReference<>(Instant.now());
  private final InstantSource time = now::get;
  private final List<ServingCertificate> received = new CopyOnWriteArrayList<>();
  private final List<SelfManagedCertificates> started = new CopyOnWriteArrayList<>();

  @BeforeAll
  static void silenceTheMockServer() {
    MOCK_SERVER_LOG.setLevel(Level.WARNING);
  }

  @AfterEach
  void stop() {
    started.forEach(SelfManagedCertificates::close);
  }

  @Test
  void theFirstCertificateIsThereWhenStartReturns() throws Exception {
    start();

    assertThat(received).hasSize(1);
    ServingCertificate certificate = received.getFirst();
    CertificateIssuerTest.validate(certificate.caPem(), certificate.certificateChainPem());
    assertThat(certificate.notAfter()).isAfter(Instant.now().plus(Duration.ofDays(300)));
    assertThat(certificate.toString()).doesNotContain("PRIVATE");
    Secret secret = secret();
    assertThat(secret.getType()).isEqualTo("kubernetes.io/tls");
    assertThat(secret.getData()).containsOnlyKeys("ca.crt", "ca.key", "tls.crt", "tls.key");
    assertThat(entry(secret, "tls.key")).isEqualTo(certificate.privateKeyPem());
  }

  @Test
  void anotherReplicaServesTheSameCertificate() {
    start();
    start();

    assertThat(received).hasSize(2);
    assertThat(received.get(1)).isEqualTo(received.get(0));
  }

  @Test
  void replicasThatStartAtTheSameMomentAgree() throws Exception {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<SelfManagedCertificates>> starts =
          Stream.generate(() -> threads.submit(() -> start())).limit(8).toList();
      for (Future<SelfManagedCertificates> start : starts) {
        start.get();
      }
    }

    assertThat(received).hasSize(8).containsOnly(received.getFirst());
    assertThat(entry(secret(), "tls.crt")).isEqualTo(received.getFirst().certificateChainPem());
  }

  @Test
  void replicasThatMeetACorruptSecretAtTheSameMomentAgree() throws Exception {
    store(Map.of("tls.crt", "nonsense"));
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<SelfManagedCertificates>> starts =
          Stream.generate(() -> threads.submit(() -> start())).limit(8).toList();
      for (Future<SelfManagedCertificates> start : starts) {
        start.get();
      }
    }

    assertThat(received).hasSize(8).containsOnly(received.getFirst());
  }

  @Test
  void theAuthorityIsWrittenIntoEveryHookOfBothConfigurations() {
    createConfigurations();

    start();

    await().untilAsserted(() -> assertThat(bundles()).hasSize(3).containsOnly(caBundle()));
    assertThat(mutating().getWebhooks().getFirst().getFailurePolicy()).isEqualTo("Fail");
    assertThat(mutating().getWebhooks().getFirst().getClientConfig().getService().getPath())
        .isEqualTo("/mutate");
  }

  @Test
  void configurationsThatAppearLaterAreFilled() {
    start();

    createConfigurations();

    await().untilAsserted(() -> assertThat(bundles()).hasSize(3).containsOnly(caBundle()));
  }

  @Test
  void changesAreNoticedWhenTheyHappenNotAtTheNextLook() {
    Timing neverLook = new Timing(Duration.ofSeconds(20), Duration.ofHours(1), Duration.ofHours(1));
    start(received::add, neverLook);

    createConfigurations();
    await().untilAsserted(() -> assertThat(bundles()).hasSize(3).containsOnly(caBundle()));

    client.resource(secret()).delete();
    await().untilAsserted(() -> assertThat(received).hasSize(2));
  }

  @Test
  void aBundleThatSomebodyWipesComesBack() {
    createConfigurations();
    start();
    await().untilAsserted(() -> assertThat(bundles()).hasSize(3).containsOnly(caBundle()));

    client
        .admissionRegistration()
        .v1()
        .mutatingWebhookConfigurations()
        .withName(options.configurationName())
        .edit(configuration ->
            new MutatingWebhookConfigurationBuilder(configuration)
                .editFirstWebhook()
                .editClientConfig()
                .withCaBundle(null)
                .endClientConfig()
                .endWebhook()
                .build());

    await().untilAsserted(() -> assertThat(bundles()).hasSize(3).containsOnly(caBundle()));
  }

  @Test
  void configurationsOfOtherNamesAreLeftAlone() {
    client
        .resource(
            new MutatingWebhookConfigurationBuilder()
                .withNewMetadata()
                .withName("somebody-else")
                .endMetadata()
                .addNewWebhook()
                .withName("x.example.org")
                .withNewClientConfig()
                .endClientConfig()
                .endWebhook()
                .build())
        .create();
    createConfigurations();
    start();
    await().untilAsserted(() -> assertThat(bundles()).hasSize(3).containsOnly(caBundle()));

    assertThat(
            client
                .admissionRegistration()
                .v1()
                .mutatingWebhookConfigurations()
                .withName("somebody-else")
                .get()
                .getWebhooks()
                .getFirst()
                .getClientConfig()
                .getCaBundle())
        .isNull();
  }

  @Test
  void aDeletedSecretIsMadeAgainAndServed() {
    createConfigurations();
    start();

    client.resource(secret()).delete();

    await().untilAsserted(() -> assertThat(received).hasSize(2));
    assertThat(received.get(1).caPem()).isNotEqualTo(received.get(0).caPem());
    await().untilAsserted(() -> assertThat(bundles()).hasSize(3).containsOnly(caBundle()));
  }

  @Test
  void aSecretWrittenBySomebodyElseIsServed() {
    start();
    KeyMaterial other =
        new CertificateIssuer(CertificatePolicy.forNames(options.dnsNames()), new SecureRandom())
            .createAll(now.get());

    store(other.toEntries());

    await().untilAsserted(() -> assertThat(received).hasSize(2));
    assertThat(received.get(1).certificateChainPem()).isEqualTo(other.certificatePem());
  }

  @Test
  void aSecretDamagedWhileServingIsPutRight() throws Exception {
    start();

    store(Map.of("tls.key", "half a k"));

    await().untilAsserted(() -> assertThat(received).hasSize(2));
    assertThat(received.get(1).caPem()).as("the CA was whole").isEqualTo(received.get(0).caPem());
    CertificateIssuerTest.validate(received.get(1).caPem(), received.get(1).certificateChainPem());
  }

  @Test
  void labelsAndForeignEntriesOfAReplacedSecretStay() {
    client
        .resource(
            new SecretBuilder()
                .withNewMetadata()
                .withNamespace(options.namespace())
                .withName(options.secretName())
                .addToLabels("team", "storage")
                .endMetadata()
                .withType("Opaque")
                .addToData("note", base64("mine"))
                .build())
        .create();

    start();

    assertThat(secret().getMetadata().getLabels()).containsEntry("team", "storage");
    assertThat(secret().getType()).isEqualTo("Opaque");
    assertThat(entry(secret(), "note")).isEqualTo("mine");
    assertThat(entry(secret(), "tls.crt")).isEqualTo(received.getFirst().certificateChainPem());
  }

  @Test
  void theCertificateIsRenewedInTimeUnderTheSameAuthority() throws Exception {
    start();
    X509Certificate first = Pem.certificates(received.getFirst().certificateChainPem()).getFirst();

    now.set(now.get().plus(Duration.ofDays(200)));
    await().pollDelay(TIMING.recheck().multipliedBy(2)).until(() -> true);
    assertThat(received).as("too early").hasSize(1);

    now.set(now.get().plus(Duration.ofDays(50)));
    await().untilAsserted(() -> assertThat(received).hasSize(2));
    assertThat(received.get(1).caPem()).isEqualTo(received.get(0).caPem());
    assertThat(received.get(1).notAfter()).isAfter(first.getNotAfter().toInstant());
  }

  @Test
  void theAuthorityIsReplacedInTimeAndPublished() {
    createConfigurations();
    start();

    now.set(now.get().plus(Duration.ofDays(3300)));

    await().untilAsserted(() -> assertThat(received).hasSize(2));
    assertThat(received.get(1).caPem()).isNotEqualTo(received.get(0).caPem());
    await().untilAsserted(() -> assertThat(bundles()).hasSize(3).containsOnly(caBundle()));
  }

  @Test
  void aServerThatCouldNotTakeTheCertificateIsOfferedItAgain() {
    AtomicBoolean refused = new AtomicBoolean();
    start(
        certificate -> {
          if (!refused.getAndSet(true)) {
            throw new IllegalStateException("not now");
          }
          received.add(certificate);
        },
        TIMING);

    assertThat(received).hasSize(1);
  }

  @Test
  void nothingIsHandedOverAfterClose() {
    SelfManagedCertificates certificates = start();
    certificates.close();

    client.resource(secret()).delete();

    await().pollDelay(TIMING.recheck().multipliedBy(2)).until(() -> true);
    assertThat(received).hasSize(1);
    assertThat(client.secrets().inNamespace(options.namespace()).list().getItems()).isEmpty();
  }

  @Test
  void aMissingApiServerIsReportedWithinTheWait() throws Exception {
    int nobodyListens;
    try (ServerSocket socket = new ServerSocket(0)) {
      nobodyListens = socket.getLocalPort();
    }
    Timing impatient =
        new Timing(Duration.ofSeconds(1), Duration.ofMillis(100), Duration.ofMillis(100));
    try (KubernetesClient unreachable =
        new KubernetesClientBuilder()
            .withConfig(
                new ConfigBuilder()
                    .withMasterUrl("http://127.0.0.1:" + nobodyListens)
                    .withRequestRetryBackoffLimit(1)
                    .build())
            .build()) {
      assertThatThrownBy(() ->
              CertificateKeeper.start(unreachable, options, clock(), received::add, impatient))
          .isInstanceOfSatisfying(
              CertificatesException.class,
              e -> assertThat(e.secret()).isEqualTo(options.namespace() + "/csi-clone-webhook-tls"))
          .hasMessageContaining("No serving certificate within 1 s from Secret")
          .hasMessageContaining("get, create and update");
    }
  }

  private SelfManagedCertificates start() {
    return start(received::add, TIMING);
  }

  private SelfManagedCertificates start(Consumer<ServingCertificate> onCertificate, Timing timing) {
    SelfManagedCertificates certificates =
        CertificateKeeper.start(client, options, clock(), onCertificate, timing);
    started.add(certificates);
    return certificates;
  }

  private Clock clock() {
    return time.withZone(ZoneOffset.UTC);
  }

  private Secret secret() {
    return client.secrets().inNamespace(options.namespace()).withName(options.secretName()).get();
  }

  private void store(Map<String, String> entries) {
    SecretBuilder builder =
        secret() == null
            ? new SecretBuilder()
                .withNewMetadata()
                .withNamespace(options.namespace())
                .withName(options.secretName())
                .endMetadata()
            : new SecretBuilder(secret());
    entries.forEach((key, text) -> builder.addToData(key, base64(text)));
    Secret changed = builder.build();
    client.resource(changed).createOr(existing -> existing.update());
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String entry(Secret secret, String key) {
    return new String(
        Base64.getDecoder().decode(secret.getData().get(key)), StandardCharsets.UTF_8);
  }

  private String caBundle() {
    return base64(received.getLast().caPem());
  }

  private MutatingWebhookConfiguration mutating() {
    return client
        .admissionRegistration()
        .v1()
        .mutatingWebhookConfigurations()
        .withName(options.configurationName())
        .get();
  }

  private List<String> bundles() {
    List<String> bundles = new ArrayList<>();
    mutating().getWebhooks().forEach(hook -> bundles.add(hook.getClientConfig().getCaBundle()));
    client
        .admissionRegistration()
        .v1()
        .validatingWebhookConfigurations()
        .withName(options.configurationName())
        .get()
        .getWebhooks()
        .forEach(hook -> bundles.add(hook.getClientConfig().getCaBundle()));
    return bundles;
  }

  private void createConfigurations() {
    client
        .resource(
            new MutatingWebhookConfigurationBuilder()
                .withNewMetadata()
                .withName(options.configurationName())
                .endMetadata()
                .addNewWebhook()
                .withName("mutate.csi-clone.io")
                .withFailurePolicy("Fail")
                .withNewClientConfig()
                .withNewService()
                .withNamespace(options.namespace())
                .withName("csi-clone-webhook")
                .withPath("/mutate")
                .endService()
                .endClientConfig()
                .endWebhook()
                .build())
        .create();
    client
        .resource(
            new ValidatingWebhookConfigurationBuilder()
                .withNewMetadata()
                .withName(options.configurationName())
                .endMetadata()
                .addNewWebhook()
                .withName("validate.csi-clone.io")
                .withNewClientConfig()
                .withUrl("https://127.0.0.1/validate")
                .endClientConfig()
                .endWebhook()
                .addNewWebhook()
                .withName("validate-more.csi-clone.io")
                .withNewClientConfig()
                .withCaBundle(base64("an old one"))
                .endClientConfig()
                .endWebhook()
                .build())
        .create();
  }
}
