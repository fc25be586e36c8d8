package io.csiclone.it;

import io.csiclone.testkit.ApiCall;
import io.csiclone.webhook.WebhookApplication;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeStatusBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.storage.CSIDriverBuilder;
import io.fabric8.kubernetes.api.model.storage.StorageClassBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.GenericApplicationContext;

/**
 * The whole life of a webhook on a control plane that asks it and that grants it certain rights:
 * start, clones of every kind, certificates that are renewed, mended and made anew.
 */
final class WebhookLife extends Life {

  private static final String USER = "webhook";
  private static final String NAME = "csi-clone-webhook";
  private static final String SYSTEM = ChartRenderTest.NAMESPACE;
  private static final String CLAIMS = "/api/v1/namespaces/team-a/persistentvolumeclaims";

  private final KubernetesClient own;
  private final HttpClient http = HttpClient.newHttpClient();
  private static final AtomicInteger NEXT_PORT = new AtomicInteger(21_000);

  private final int port;
  private final int managementPort = freePort();
  private final CompletableFuture<ConfigurableApplicationContext> context =
      new CompletableFuture<>();
  private final Thread starter = Thread.ofPlatform().unstarted(this::start);

  /**
   * @param rights what the webhook may do
   */
  WebhookLife(Predicate<ApiCall> rights) {
    this(rights, freePort());
  }

  private WebhookLife(Predicate<ApiCall> rights, int port) {
    super(
        USER,
        rights,
        plane ->
            plane
                .claimBinder(false)
                .webhookService(
                    SYSTEM, NAME, new InetSocketAddress(InetAddress.getLoopbackAddress(), port)));
    this.port = port;
    own =
        new KubernetesClientBuilder()
            .withConfig(
                new ConfigBuilder(Config.empty())
                    .withMasterUrl(plane().url().toString())
                    .withOauthToken(USER)
                    .withOnlyHttpWatches(true)
                    .build())
            .build();
  }

  /**
   * Goes through it all.
   *
   * @param chart the rendered chart, of which the webhook configurations are used
   * @throws Trouble at the first thing that does not come about
   */
  @Override
  void run(List<HasMetadata> chart) throws Exception {
    prepare();
    starter.start();
    eventually("started", context::isDone);
    if (context.isCompletedExceptionally()) {
      throw new Trouble("did not start: " + context.exceptionNow());
    }
    eventually("ready", () -> get("/readyz").statusCode() == 200);
    eventually("every cache followed", this::followsEveryCache);
    for (HasMetadata object : chart) {
      if (object instanceof MutatingWebhookConfiguration
          || object instanceof ValidatingWebhookConfiguration) {
        admin().resource(object).create();
      }
    }
    eventually("the first clone admitted", () -> tryCreate(clone("fast", "1Gi")).code() == 201);
    judges();
    wipeBundleOfMutating();
    eventually("the CA written again for /mutate", this::hasBundles);
    wipeBundleOfValidating();
    eventually("the CA written again for /validate", this::hasBundles);
    admin()
        .secrets()
        .inNamespace(SYSTEM)
        .withName(NAME + "-tls")
        .edit(secret -> {
          secret.setData(Map.of("tls.crt", "anVuaw==", "tls.key", "anVuaw==", "ca.crt", ""));
          return secret;
        });
    // From what is served, so that callers notice nothing.
    eventually("a spoilt Secret mended", () -> tls().length() > 100);
    eventually("a clone after that", () -> tryCreate(clone("fast", "1Gi")).code() == 201);
    admin().secrets().inNamespace(SYSTEM).withName(NAME + "-tls").delete();
    eventually("a deleted Secret made anew", () -> tls().length() > 100);
    eventually("a clone after that", () -> tryCreate(clone("fast", "1Gi")).code() == 201);
    judges();
  }

  /** Each kind of answer that clones get. */
  private void judges() throws Exception {
    expect("a good clone", tryCreate(clone("fast", "1Gi")), 201, "writer");
    expect("a clone without class", tryCreate(clone(null, "1Gi")), 201, "was set to fast");
    var elsewhere = clone("fast", "1Gi");
    elsewhere.getMetadata().setAnnotations(Map.of("volume.kubernetes.io/selected-node", "node-1"));
    expect("a clone on another node", tryCreate(elsewhere), 201, "TopologyConflict: ");
    expect("a small clone", tryCreate(clone("fast", "1Mi")), 403, "SizeTooSmall: ");
    expect("a clone of nothing", tryCreate(cloneOf("none", "fast", "1Gi")), 403, "SourceNotFound");
    expect("a clone of another class", tryCreate(clone("slow", "1Gi")), 403, "ClassMismatch");
  }

  private static void expect(String what, Answer answer, int code, String text) throws Trouble {
    if (answer.code() != code || !answer.text().contains(text)) {
      throw new Trouble(
          "%s was answered with %d and not %d, %s: %s"
              .formatted(what, answer.code(), code, text, answer.text()));
    }
  }

  /** By its calls: over plain HTTP a watch only counts once something has been told. */
  private boolean followsEveryCache() {
    return Stream.of(
            "persistentvolumeclaims",
            "persistentvolumes",
            "storageclasses",
            "csidrivers",
            "namespaces")
        .allMatch(resource ->
            calls().stream()
                .filter(call -> call.verb().equals("watch") && call.resource().equals(resource))
                .anyMatch(call -> !refused().contains(call)));
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(URI.create("http://localhost:" + managementPort + path)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  /**
   * @param text body and warnings
   */
  private record Answer(int code, String text) {}

  private Answer tryCreate(PersistentVolumeClaim claim) throws IOException, InterruptedException {
    var response =
        http.send(
            HttpRequest.newBuilder(plane().url().resolve(CLAIMS + "?dryRun=All"))
                .header("Content-Type", "application/json")
                .POST(
                    HttpRequest.BodyPublishers.ofString(
                        admin().getKubernetesSerialization().asJson(claim)))
                .build(),
            HttpResponse.BodyHandlers.ofString());
    return new Answer(
        response.statusCode(), response.body() + response.headers().allValues("Warning"));
  }

  private String tls() {
    var secret = admin().secrets().inNamespace(SYSTEM).withName(NAME + "-tls").get();
    return secret == null ? "" : secret.getData().getOrDefault("tls.crt", "");
  }

  private void wipeBundleOfMutating() {
    admin()
        .admissionRegistration()
        .v1()
        .mutatingWebhookConfigurations()
        .withName(NAME)
        .edit(configuration -> {
          configuration.getWebhooks().forEach(hook -> hook.getClientConfig().setCaBundle(null));
          return configuration;
        });
  }

  private void wipeBundleOfValidating() {
    admin()
        .admissionRegistration()
        .v1()
        .validatingWebhookConfigurations()
        .withName(NAME)
        .edit(configuration -> {
          configuration.getWebhooks().forEach(hook -> hook.getClientConfig().setCaBundle(null));
          return configuration;
        });
  }

  private boolean hasBundles() {
    var hooks = admin().admissionRegistration().v1();
    return hooks.mutatingWebhookConfigurations().withName(NAME).get().getWebhooks().stream()
            .allMatch(hook -> hook.getClientConfig().getCaBundle() != null)
        && hooks.validatingWebhookConfigurations().withName(NAME).get().getWebhooks().stream()
            .allMatch(hook -> hook.getClientConfig().getCaBundle() != null);
  }

  private static PersistentVolumeClaim clone(@Nullable String storageClass, String size) {
    return cloneOf("data", storageClass, size);
  }

  private static PersistentVolumeClaim cloneOf(
      String source, @Nullable String storageClass, String size) {
    return claim("copy", storageClass, size)
        .editSpec()
        .withNewDataSource()
        .withKind("PersistentVolumeClaim")
        .withName(source)
        .endDataSource()
        .endSpec()
        .build();
  }

  private static PersistentVolumeClaimBuilder claim(
      String name, @Nullable String storageClass, String size) {
    return new PersistentVolumeClaimBuilder()
        .withNewMetadata()
        .withNamespace("team-a")
        .withName(name)
        .endMetadata()
        .withNewSpec()
        .withAccessModes("ReadWriteOnce")
        .withStorageClassName(storageClass)
        .withNewResources()
        .addToRequests("storage", new Quantity(size))
        .endResources()
        .endSpec();
  }

  /** A bound claim that a pod writes to, and what it takes to clone it. */
  private void prepare() {
    for (String name : List.of("fast", "slow")) {
      admin()
          .resource(
              new StorageClassBuilder()
                  .withNewMetadata()
                  .withName(name)
                  .endMetadata()
                  .withProvisioner("disk.example.com")
                  .build())
          .create();
    }
    admin()
        .resource(
            new CSIDriverBuilder()
                .withNewMetadata()
                .withName("disk.example.com")
                .addToAnnotations("csi-clone.io/clone-volume", "true")
                .endMetadata()
                .build())
        .create();
    admin()
        .resource(new NamespaceBuilder().withNewMetadata().withName("team-a").endMetadata().build())
        .create();
    admin()
        .resource(
            new NodeBuilder()
                .withNewMetadata()
                .withName("node-1")
                .addToLabels("kubernetes.io/hostname", "node-1")
                .endMetadata()
                .build())
        .create();
    var source =
        admin()
            .resource(
                claim("data", "fast", "1Gi").editSpec().withVolumeName("pv-1").endSpec().build())
            .create();
    source.getStatus().setPhase("Bound");
    admin().resource(source).updateStatus();
    var volume =
        admin()
            .resource(
                new PersistentVolumeBuilder()
                    .withNewMetadata()
                    .withName("pv-1")
                    .endMetadata()
                    .withNewSpec()
                    .withStorageClassName("fast")
                    .withAccessModes("ReadWriteOnce")
                    .addToCapacity("storage", new Quantity("1Gi"))
                    .withNewClaimRef()
                    .withNamespace("team-a")
                    .withName("data")
                    .withUid(source.getMetadata().getUid())
                    .endClaimRef()
                    .withNewCsi()
                    .withDriver("disk.example.com")
                    .withVolumeHandle("vol-1")
                    .endCsi()
                    .withNewNodeAffinity()
                    .withNewRequired()
                    .addNewNodeSelectorTerm()
                    .addNewMatchExpression()
                    .withKey("kubernetes.io/hostname")
                    .withOperator("In")
                    .withValues("node-0")
                    .endMatchExpression()
                    .endNodeSelectorTerm()
                    .endRequired()
                    .endNodeAffinity()
                    .endSpec()
                    .build())
            .create();
    volume.setStatus(new PersistentVolumeStatusBuilder().withPhase("Bound").build());
    admin().resource(volume).updateStatus();
    admin()
        .resource(
            new PodBuilder()
                .withNewMetadata()
                .withNamespace("team-a")
                .withName("writer")
                .endMetadata()
                .withNewSpec()
                .addNewVolume()
                .withName("data")
                .withNewPersistentVolumeClaim("data", false)
                .endVolume()
                .addNewContainer()
                .withName("writer")
                .withImage("writer")
                .addNewVolumeMount()
                .withName("data")
                .withMountPath("/data")
                .endVolumeMount()
                .endContainer()
                .endSpec()
                .build())
        .create();
  }

  private void start() {
    var application = new SpringApplication(WebhookApplication.class);
    application.setRegisterShutdownHook(false);
    application.addInitializers(started ->
        ((GenericApplicationContext) started)
            .registerBean(
                "kubernetesClient",
                KubernetesClient.class,
                () -> own,
                definition -> definition.setDestroyMethodName("")));
    try {
      context.complete(
          application.run(
              "--server.port=" + port,
              "--management.server.port=" + managementPort,
              "--csi-clone.webhook.namespace=" + SYSTEM));
    } catch (RuntimeException e) {
      context.completeExceptionally(e);
    }
  }

  /** Below the ports that the system gives to outgoing connections, and no other life's. */
  private static int freePort() {
    while (true) {
      int candidate = NEXT_PORT.getAndIncrement();
      try (var socket = new ServerSocket(candidate)) {
        return socket.getLocalPort();
      } catch (BindException taken) {
        // By whoever; there are more.
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  @Override
  public void close() {
    starter.interrupt();
    try {
      starter.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (context.isDone() && !context.isCompletedExceptionally()) {
      context.join().close();
    }
    own.close();
    super.close();
  }
}
