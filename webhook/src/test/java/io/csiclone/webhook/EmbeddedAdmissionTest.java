package io.csiclone.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.csiclone.testkit.EmbeddedControlPlane;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.TypedObjectReferenceBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfigurationBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.RuleWithOperations;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.RuleWithOperationsBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhookConfigurationBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.WebhookClientConfig;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.WebhookClientConfigBuilder;
import io.fabric8.kubernetes.api.model.storage.CSIDriverBuilder;
import io.fabric8.kubernetes.api.model.storage.StorageClassBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.http.AsyncBody;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.Interceptor;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import java.net.http.HttpClient;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The whole webhook before an API server that calls it, stores what it admits, and drops fields.
 */
@Tag("embedded")
@SuppressWarnings("NullAway.Init") // each test begins with start()
class EmbeddedAdmissionTest {

  private static final String NAMESPACE = "team-a";

  private EmbeddedControlPlane controlPlane;
  private RunningWebhook webhook;
  private KubernetesClient watcher;
  private KubernetesClient client;
  private final AtomicInteger heldBack = new AtomicInteger();

  private void start(boolean crossNamespaceDataSources, Duration lag) {
    controlPlane =
        EmbeddedControlPlane.builder()
            .claimBinder(false)
            .crossNamespaceDataSources(crossNamespaceDataSources)
            .start();
    client = controlPlane.client();
    client
        .resource(
            new StorageClassBuilder()
                .withNewMetadata()
                .withName("fast")
                .endMetadata()
                .withProvisioner("disk.example.com")
                .build())
        .create();
    client
        .resource(
            new CSIDriverBuilder()
                .withNewMetadata()
                .withName("disk.example.com")
                .addToAnnotations("csi-clone.io/clone-volume", "true")
                .endMetadata()
                .build())
        .create();
    watcher = lagging(lag);
    webhook = new RunningWebhook(watcher, "--csi-clone.webhook.patience=20s");
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() ->
            RunningWebhook.send(
                        HttpClient.newHttpClient(),
                        java.net.http.HttpRequest.newBuilder(webhook.management("/readyz")).build())
                    .statusCode()
                == 200);
    register();
  }

  @AfterEach
  void stop() {
    webhook.close();
    watcher.close();
    controlPlane.close();
  }

  /** A client to which watches tell everything only after this time. */
  private KubernetesClient lagging(Duration lag) {
    Config config =
        new ConfigBuilder(Config.empty())
            .withMasterUrl(controlPlane.url().toString())
            .withOnlyHttpWatches(true)
            .build();
    return new KubernetesClientBuilder()
        .withConfig(config)
        .withHttpClientFactory(new JdkHttpClientFactory())
        .withHttpClientBuilderConsumer(
            http -> http.addOrReplaceInterceptor("lag", new LateWatches(lag, heldBack)))
        .build();
  }

  /** Holds back each piece of a watch's answer. */
  private record LateWatches(Duration lag, AtomicInteger heldBack) implements Interceptor {
    @Override
    public AsyncBody.Consumer<List<ByteBuffer>> consumer(
        AsyncBody.Consumer<List<ByteBuffer>> consumer, HttpRequest request) {
      if (lag.isZero() || !String.valueOf(request.uri().getQuery()).contains("watch=true")) {
        return consumer;
      }
      Executor late = CompletableFuture.delayedExecutor(lag.toMillis(), TimeUnit.MILLISECONDS);
      return (pieces, body) -> {
        heldBack.incrementAndGet();
        late.execute(() -> {
          try {
            consumer.consume(pieces, body);
          } catch (Exception e) {
            body.cancel();
          }
        });
      };
    }
  }

  private void register() {
    var secret =
        await()
            .atMost(Duration.ofSeconds(60))
            .until(
                () ->
                    client
                        .secrets()
                        .inNamespace("csi-clone-system")
                        .withName("csi-clone-webhook-tls")
                        .get(),
                s -> s != null && s.getData() != null && s.getData().containsKey("ca.crt"));
    // Held in Base64 there and here.
    var ca = Objects.requireNonNull(secret.getData().get("ca.crt"));
    client
        .resource(
            new MutatingWebhookConfigurationBuilder()
                .withNewMetadata()
                .withName("csi-clone-webhook")
                .endMetadata()
                .addNewWebhook()
                .withName("mutate.csi-clone.io")
                .withAdmissionReviewVersions("v1")
                .withSideEffects("None")
                .withTimeoutSeconds(20)
                .withReinvocationPolicy("IfNeeded")
                .withClientConfig(at("/mutate", ca))
                .withRules(claims())
                .endWebhook()
                .build())
        .create();
    client
        .resource(
            new ValidatingWebhookConfigurationBuilder()
                .withNewMetadata()
                .withName("csi-clone-webhook")
                .endMetadata()
                .addNewWebhook()
                .withName("validate.csi-clone.io")
                .withAdmissionReviewVersions("v1")
                .withSideEffects("None")
                .withTimeoutSeconds(20)
                .withClientConfig(at("/validate", ca))
                .withRules(claims())
                .endWebhook()
                .build())
        .create();
  }

  private WebhookClientConfig at(String path, String ca) {
    assertThat(Base64.getDecoder().decode(ca)).isNotEmpty();
    return new WebhookClientConfigBuilder()
        .withUrl(webhook.admission(path).toString())
        .withCaBundle(ca)
        .build();
  }

  private static RuleWithOperations claims() {
    return new RuleWithOperationsBuilder()
        .withOperations("CREATE", "UPDATE")
        .withApiGroups("")
        .withApiVersions("v1")
        .withResources("persistentvolumeclaims")
        .build();
  }

  private static PersistentVolumeClaimBuilder claim(String name) {
    return new PersistentVolumeClaimBuilder()
        .withNewMetadata()
        .withNamespace(NAMESPACE)
        .withName(name)
        .endMetadata()
        .withNewSpec()
        .withAccessModes("ReadWriteOnce")
        .withNewResources()
        .addToRequests("storage", new Quantity("1Gi"))
        .endResources()
        .endSpec();
  }

  private static PersistentVolumeClaim cloneOf(String source, String name) {
    return claim(name)
        .editSpec()
        .withNewDataSource(null, "PersistentVolumeClaim", source)
        .endSpec()
        .build();
  }

  /** A claim that is Bound when this returns, as a provisioner and a binder leave it. */
  private void boundSource(String name) {
    var created =
        client
            .resource(
                claim(name)
                    .editSpec()
                    .withStorageClassName("fast")
                    .withVolumeName("pv-" + name)
                    .endSpec()
                    .build())
            .create();
    var volume =
        new PersistentVolumeBuilder()
            .withNewMetadata()
            .withName("pv-" + name)
            .endMetadata()
            .withNewSpec()
            .withStorageClassName("fast")
            .withAccessModes("ReadWriteOnce")
            .addToCapacity("storage", new Quantity("1Gi"))
            .withNewClaimRef()
            .withKind("PersistentVolumeClaim")
            .withNamespace(NAMESPACE)
            .withName(name)
            .withUid(created.getMetadata().getUid())
            .endClaimRef()
            .withNewCsi()
            .withDriver("disk.example.com")
            .withVolumeHandle(name)
            .endCsi()
            .endSpec()
            .build();
    client.resource(volume).create();
    client
        .persistentVolumes()
        .withName("pv-" + name)
        .editStatus(v -> v.edit().withNewStatus().withPhase("Bound").endStatus().build());
    client
        .persistentVolumeClaims()
        .inNamespace(NAMESPACE)
        .withName(name)
        .editStatus(c -> c.edit().withNewStatus().withPhase("Bound").endStatus().build());
  }

  /** The caches are behind by nothing on purpose, then by longer than a clone takes to be made. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1500})
  void aSourceCanBeClonedTheMomentItIsBoundAThousandTimes(int lagMillis) throws Exception {
    start(false, Duration.ofMillis(lagMillis));
    int rounds = 1_000;
    var next = new AtomicInteger();
    var refusals = new ArrayList<Future<?>>();
    try (var threads = Executors.newFixedThreadPool(4)) {
      for (int thread = 0; thread < 4; thread++) {
        refusals.add(
            threads.submit(() -> {
              for (int i = next.getAndIncrement(); i < rounds; i = next.getAndIncrement()) {
                boundSource("source-" + i);
                var made = client.resource(cloneOf("source-" + i, "clone-" + i)).create();
                assertThat(made.getSpec().getStorageClassName()).isEqualTo("fast");
              }
            }));
      }
    }
    for (var refusal : refusals) {
      try {
        refusal.get();
      } catch (ExecutionException e) {
        throw new AssertionError("a clone of a source that was Bound was refused", e.getCause());
      }
    }
    assertThat(
            client.persistentVolumeClaims().inNamespace(NAMESPACE).list().getItems().stream()
                .filter(c -> c.getMetadata().getName().startsWith("clone-")))
        .hasSize(rounds);
    assertThat(heldBack.get() > 0).as("watches were held back").isEqualTo(lagMillis > 0);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aReferenceIntoAnotherNamespaceIsRefusedWhetherOrNotTheServerWouldDropIt(boolean gate) {
    start(gate, Duration.ZERO);
    var clone = claim("copy").build();
    clone
        .getSpec()
        .setDataSourceRef(
            new TypedObjectReferenceBuilder()
                .withKind("PersistentVolumeClaim")
                .withName("data")
                .withNamespace("team-b")
                .build());
    assertThatExceptionOfType(KubernetesClientException.class)
        .isThrownBy(() -> client.resource(clone).create())
        .satisfies(e -> assertThat(e.getCode()).isEqualTo(403))
        .withMessageContainingAll("mutate.csi-clone.io", "CrossNamespace", "team-b", NAMESPACE);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aReferenceWithTheOwnNamespaceIsKeptWhetherOrNotTheServerWouldDropIt(boolean gate) {
    start(gate, Duration.ZERO);
    boundSource("data");
    var clone = claim("copy").build();
    clone
        .getSpec()
        .setDataSourceRef(
            new TypedObjectReferenceBuilder()
                .withKind("PersistentVolumeClaim")
                .withName("data")
                .withNamespace(NAMESPACE)
                .build());
    var stored = client.resource(clone).create().getSpec();
    assertThat(stored.getDataSource().getName()).isEqualTo("data");
    assertThat(stored.getDataSourceRef().getName()).isEqualTo("data");
    assertThat(stored.getDataSourceRef().getNamespace()).isNull();
  }

  @Test
  void anUnknownKindIsRefusedBeforeTheServerEmptiesIt() {
    start(false, Duration.ZERO);
    var claim =
        claim("copy")
            .editSpec()
            .withStorageClassName("fast")
            .withNewDataSource("example.com", "Golden", "image")
            .endSpec()
            .build();
    assertThatExceptionOfType(KubernetesClientException.class)
        .isThrownBy(() -> client.resource(claim).create())
        .withMessageContainingAll("mutate.csi-clone.io", "UnknownDataSource", "Golden.example.com");
  }

  @Test
  void aDryRunGetsTheSameAnswerAndLeavesNothing() {
    start(false, Duration.ZERO);
    boundSource("data");
    var dry = client.resource(cloneOf("data", "copy")).dryRun(true).create();
    assertThat(dry.getSpec().getStorageClassName()).isEqualTo("fast");
    assertThat(client.persistentVolumeClaims().inNamespace(NAMESPACE).withName("copy").get())
        .isNull();

    var small = cloneOf("data", "small");
    small.getSpec().getResources().setRequests(Map.of("storage", new Quantity("1Mi")));
    var messages = new ArrayList<String>();
    for (boolean dryRun : List.of(true, false)) {
      assertThatExceptionOfType(KubernetesClientException.class)
          .isThrownBy(() -> {
            if (dryRun) {
              client.resource(small).dryRun(true).create();
            } else {
              client.resource(small).create();
            }
          })
          .satisfies(e -> messages.add(e.getStatus().getMessage()));
    }
    assertThat(messages.getFirst()).contains("SizeTooSmall").isEqualTo(messages.getLast());
  }
}
