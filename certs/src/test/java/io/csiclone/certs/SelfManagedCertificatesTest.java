package io.csiclone.certs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfigurationBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhookConfigurationBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@EnableKubernetesMockClient(crud = true)
class SelfManagedCertificatesTest {
  private static final Logger MOCK_SERVER_LOG =
      Logger.getLogger("io.fabric8.mockwebserver.MockWebServer");
  private static final AtomicInteger TESTS = new AtomicInteger();
  private static final Duration OVERLAP = Duration.ofMillis(400);
  private static final Timing TIMING =
      new Timing(
          Duration.ofSeconds(20),
          Duration.ofMillis(300),
          Duration.ofMillis(100),
          OVERLAP.dividedBy(2),
          Duration.ofSeconds(3));

  private static final Timing LONG_LEASE =
      new Timing(
          TIMING.firstCertificate(),
          TIMING.recheck(),
          TIMING.retry(),
          TIMING.propagation(),
          Duration.ofSeconds(20));

  @SuppressWarnings("NullAway.Init") // set by the extension before the first test
  private static KubernetesClient client;

  // Tests share the server, so each has its own namespace and configurations.
  private final String suffix = "-" + TESTS.incrementAndGet();
  private final CertificateOptions options =
      new CertificateOptions(
          "csi-clone-system" + suffix,
          "csi-clone-webhook-tls",
          "csi-clone-webhook" + suffix,
          List.of("csi-clone-webhook.csi-clone-system.svc"),
          OVERLAP);
  private final AtomicReference<Instant> now = new AtomicReference<>(Instant.now());
  private final InstantSource time = now::get;
  private final List<ServingCertificate> received = new CopyOnWriteArrayList<>();
  private final List<Certificates> started = new CopyOnWriteArrayList<>();

  @BeforeAll
  static void silenceTheMockServer() {
    MOCK_SERVER_LOG.setLevel(Level.WARNING);
  }

  @AfterEach
  void stop() {
    started.forEach(Certificates::close);
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
      List<Future<Certificates>> starts =
          Stream.generate(() -> threads.submit(() -> start())).limit(8).toList();
      for (Future<Certificates> start : starts) {
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
      List<Future<Certificates>> starts =
          Stream.generate(() -> threads.submit(() -> start())).limit(8).toList();
      for (Future<Certificates> start : starts) {
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
    Timing neverLook =
        new Timing(
            Duration.ofSeconds(20),
            Duration.ofHours(1),
            Duration.ofHours(1),
            Duration.ofHours(1),
            Duration.ofHours(1));
    start(received::add, neverLook);

    createConfigurations();
    await().untilAsserted(() -> assertThat(bundles()).hasSize(3).containsOnly(caBundle()));

    client.resource(secret()).delete();
    await().until(() -> secret() != null);
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
  void aDeletedSecretIsRestoredAndItsAuthorityReplacedByAndBy() throws Exception {
    createConfigurations();
    start();
    ServingCertificate first = received.getFirst();

    client.resource(secret()).delete();

    await().until(() -> secret() != null);
    assertThat(entry(secret(), "tls.crt"))
        .as("served and trusted until everybody knows the next CA")
        .isEqualTo(first.certificateChainPem());
    assertThat(Pem.certificates(entry(secret(), "next-ca.crt"))).hasSize(1);
    awaitAnAuthorityOtherThan(first);
  }

  @Test
  void anAuthorityIsReplacedOnDemandAndBothAreTrustedInBetween() throws Exception {
    createConfigurations();
    start();
    ServingCertificate first = received.getFirst();

    annotate("ca");

    await().untilAsserted(() -> assertThat(received).hasSizeGreaterThan(1));
    assertThat(secret().getMetadata().getAnnotations()).doesNotContainKey("csi-clone.io/rotate");
    awaitAnAuthorityOtherThan(first);
    // Announced, adopted, retired: the certificate changed once, the trust three times.
    assertThat(received.stream().map(ServingCertificate::certificateChainPem).distinct())
        .hasSize(2);
    assertThat(received.stream().map(each -> trusted(each).size())).containsExactly(1, 2, 2, 1);
    assertThat(secret().getData()).containsOnlyKeys("ca.crt", "ca.key", "tls.crt", "tls.key");
  }

  @Test
  void aServingCertificateIsReplacedOnDemand() {
    start();

    annotate("serving");

    await().untilAsserted(() -> assertThat(received).hasSize(2));
    assertThat(received.get(1).caPem()).isEqualTo(received.get(0).caPem());
    assertThat(secret().getMetadata().getAnnotations()).doesNotContainKey("csi-clone.io/rotate");
  }

  @Test
  void aDemandThatIsNotUnderstoodChangesNothing() {
    start();

    annotate("everything");

    await().pollDelay(TIMING.recheck().multipliedBy(2)).until(() -> true);
    assertThat(received).hasSize(1);
    assertThat(secret().getMetadata().getAnnotations())
        .containsEntry("csi-clone.io/rotate", "everything");
  }

  @Test
  void anAuthorityThatLosesItsKeyIsReplacedByAndBy() throws Exception {
    createConfigurations();
    start();
    ServingCertificate first = received.getFirst();

    store(Map.of("ca.key", "half a k"));

    awaitAnAuthorityOtherThan(first);
  }

  @Test
  void anEmptiedSecretIsRestoredFromMemory() throws Exception {
    createConfigurations();
    start();
    ServingCertificate first = received.getFirst();

    store(Map.of("ca.crt", "", "ca.key", "", "tls.crt", "", "tls.key", ""));

    await().until(() -> entry(secret(), "tls.crt").equals(first.certificateChainPem()));
    awaitAnAuthorityOtherThan(first);
  }

  @Test
  void whatOthersServeIsStillTrustedWhenAllIsMadeAnew() throws Exception {
    createConfigurations();
    Certificates before = start();
    ServingCertificate first = received.getFirst();
    await().untilAsserted(() -> assertThat(bundles()).containsOnly(caBundle()));
    before.close();
    client.resource(secret()).delete();

    start();

    assertThat(trusted(received.getLast())).hasSize(2).containsAll(trusted(first));
    awaitAnAuthorityOtherThan(first);
  }

  @Test
  void onlyTheReplicaThatLeadsIssues() {
    start();
    List<ServingCertificate> others = new CopyOnWriteArrayList<>();
    start(others::add, TIMING);
    String leader = holder();

    annotate("serving");

    await().untilAsserted(() -> assertThat(others).hasSize(2));
    await().untilAsserted(() -> assertThat(received).isEqualTo(others));
    assertThat(holder()).isEqualTo(leader);
  }

  @Test
  void aReplicaThatLeavesTakesItsNameOffTheLease() {
    Certificates leader = start(received::add, LONG_LEASE);
    assertThat(holder()).as("while it leads").isNotEmpty();

    leader.close();

    assertThat(holder()).as("holder of the Lease, for another to take it at once").isNull();
  }

  @Test
  void aReplicaThatLeavesHandsTheLeaseOnBeforeItRunsOut() {
    Certificates leader = start(received::add, LONG_LEASE);
    String first = holder();
    List<ServingCertificate> others = new CopyOnWriteArrayList<>();
    start(others::add, LONG_LEASE);

    leader.close();

    // A replica that waits looks at the Lease every 3 to 6 s here.
    await()
        .atMost(Duration.ofSeconds(15))
        .until(() -> holder() != null && !holder().isEmpty() && !holder().equals(first));
    annotate("serving");
    await().untilAsserted(() -> assertThat(others).hasSize(2));
  }

  @ParameterizedTest
  @ValueSource(ints = {-10, 10})
  void aHolderWhoseClockIsTenMinutesOffKeepsItsLeaseAndLosesItInTimeWhenItIsGone(int minutes)
      throws Exception {
    start().close();
    holdLease("skewed", minutes);
    start();

    long begun = System.nanoTime();
    while (System.nanoTime() - begun < TIMING.lease().multipliedBy(2).toNanos()) {
      assertThat(holder()).as("while its holder renews it").isEqualTo("skewed");
      holdLease("skewed", minutes);
      Thread.sleep(100);
    }

    // Within minutes fewer than its clock is off.
    await().atMost(Duration.ofSeconds(30)).until(() -> !holder().equals("skewed"));
  }

  @Test
  void aClockThatJumpsAheadAndBackLeavesCertificatesThatAreGoodByBoth() throws Exception {
    createConfigurations();
    Instant right = now.get();
    start();
    ServingCertificate first = received.getFirst();

    now.set(right.plus(Duration.ofDays(4_000)));
    awaitAnAuthorityOtherThan(first);
    now.set(right);
    await().pollDelay(TIMING.recheck().multipliedBy(3)).until(() -> true);

    for (ServingCertificate each : received) {
      // Validated with the machine's clock, which has not jumped.
      CertificateIssuerTest.validate(each.caPem(), each.certificateChainPem());
    }
    assertThat(received.getLast().notAfter()).isAfter(right.plus(Duration.ofDays(4_300)));
  }

  @Test
  void aSecretWrittenBySomebodyElseIsServed() {
    start();
    KeyMaterial other =
        new CertificateIssuer(
                CertificatePolicy.forNames(options.dnsNames(), OVERLAP, OVERLAP),
                new SecureRandom())
            .createAll(now.get(), "");

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
  void theAuthorityIsReplacedInTimeAndPublished() throws Exception {
    createConfigurations();
    start();
    ServingCertificate first = received.getFirst();

    now.set(now.get().plus(Duration.ofDays(3300)));

    awaitAnAuthorityOtherThan(first);
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
    Certificates certificates = start();
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
        new Timing(
            Duration.ofSeconds(1),
            Duration.ofMillis(100),
            Duration.ofMillis(100),
            Duration.ofMillis(100),
            Duration.ofSeconds(3));
    try (KubernetesClient unreachable =
        new KubernetesClientBuilder()
            .withConfig(
                new ConfigBuilder()
                    .withMasterUrl("http://127.0.0.1:" + nobodyListens)
                    .withRequestRetryBackoffLimit(1)
                    .build())
            .build()) {
      assertThatThrownBy(() ->
              CertificateKeeper.selfManaged(
                  unreachable, options, clock(), received::add, impatient))
          .isInstanceOfSatisfying(
              CertificatesException.class,
              e -> assertThat(e.secret()).isEqualTo(options.namespace() + "/csi-clone-webhook-tls"))
          .hasMessageContaining("No serving certificate within 1 s from Secret")
          .hasMessageContaining("get, create and update");
    }
  }

  /** Until another CA is trusted alone, published, and vouches for what is served. */
  private void awaitAnAuthorityOtherThan(ServingCertificate first) throws Exception {
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() ->
            assertThat(trusted(received.getLast()))
                .hasSize(1)
                .doesNotContainAnyElementsOf(trusted(first)));
    await().untilAsserted(() -> assertThat(bundles()).hasSize(3).containsOnly(caBundle()));
    CertificateIssuerTest.validate(
        received.getLast().caPem(), received.getLast().certificateChainPem());
  }

  private static List<X509Certificate> trusted(ServingCertificate certificate) {
    try {
      return Pem.certificates(certificate.caPem());
    } catch (CertificateException e) {
      throw new AssertionError(e);
    }
  }

  private void annotate(String rotation) {
    client
        .secrets()
        .inNamespace(options.namespace())
        .withName(options.secretName())
        .edit(secret ->
            new SecretBuilder(secret)
                .editMetadata()
                .addToAnnotations("csi-clone.io/rotate", rotation)
                .endMetadata()
                .build());
  }

  private String holder() {
    return client
        .leases()
        .inNamespace(options.namespace())
        .withName(options.secretName())
        .get()
        .getSpec()
        .getHolderIdentity();
  }

  private void holdLease(String holder, int minutesAhead) {
    client
        .leases()
        .inNamespace(options.namespace())
        .withName(options.secretName())
        .edit(lease ->
            new LeaseBuilder(lease)
                .editSpec()
                .withHolderIdentity(holder)
                .withLeaseDurationSeconds((int) TIMING.lease().toSeconds())
                .withRenewTime(ZonedDateTime.now(ZoneOffset.UTC).plusMinutes(minutesAhead))
                .endSpec()
                .build());
  }

  private Certificates start() {
    return start(received::add, TIMING);
  }

  private Certificates start(Consumer<ServingCertificate> onCertificate, Timing timing) {
    Certificates certificates =
        CertificateKeeper.selfManaged(client, options, clock(), onCertificate, timing);
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
