package io.csiclone.webhook;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfigurationBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhookConfigurationBuilder;
import io.fabric8.kubernetes.api.model.storage.CSIDriverBuilder;
import io.fabric8.kubernetes.api.model.storage.StorageClassBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An API server that only stores, over real HTTP, with the claim team-a/data that can be cloned.
 */
final class Cluster implements AutoCloseable {

  private static final Pattern LOOK_UP =
      Pattern.compile(
          "/(persistentvolumeclaims|persistentvolumes|storageclasses|csidrivers)/[^/?]+$"
              + "|/namespaces/[^/?]+$|/pods");

  private final KubernetesMockServer server =
      new KubernetesMockServer(
          new Context(), new MockWebServer(), new HashMap<>(), new Withholding(), false);
  final KubernetesClient client;
  private final AtomicInteger writes = new AtomicInteger();
  private final AtomicInteger writesButOfLeases = new AtomicInteger();
  private final AtomicInteger lookUps = new AtomicInteger();
  private final AtomicReference<@Nullable CountDownLatch> stalled = new AtomicReference<>();
  private volatile @Nullable String withheld;

  Cluster() {
    server.init();
    client = server.createClient();
    create(
        new StorageClassBuilder()
            .withNewMetadata()
            .withName("fast")
            .endMetadata()
            .withProvisioner("disk.example.com")
            .build());
    create(
        new CSIDriverBuilder()
            .withNewMetadata()
            .withName("disk.example.com")
            .addToAnnotations("csi-clone.io/clone-volume", "true")
            .endMetadata()
            .build());
    hasBoundClaim("data", "fast", "pv-1", "1Gi");
  }

  /** A claim in team-a that can be cloned, and its volume. */
  void hasBoundClaim(String name, String className, String volume, String size) {
    var uid =
        create(
                new PersistentVolumeClaimBuilder()
                    .withNewMetadata()
                    .withNamespace("team-a")
                    .withName(name)
                    .endMetadata()
                    .withNewSpec()
                    .withStorageClassName(className)
                    .withAccessModes("ReadWriteOnce")
                    .withVolumeName(volume)
                    .withNewResources()
                    .addToRequests("storage", new Quantity(size))
                    .endResources()
                    .endSpec()
                    .withNewStatus()
                    .withPhase("Bound")
                    .endStatus()
                    .build())
            .getMetadata()
            .getUid();
    create(
        new PersistentVolumeBuilder()
            .withNewMetadata()
            .withName(volume)
            .endMetadata()
            .withNewSpec()
            .addToCapacity("storage", new Quantity(size))
            .withNewClaimRef()
            .withNamespace("team-a")
            .withName(name)
            .withUid(uid)
            .endClaimRef()
            .withNewCsi()
            .withDriver("disk.example.com")
            .withVolumeHandle("vol-" + name)
            .endCsi()
            .endSpec()
            .withNewStatus()
            .withPhase("Bound")
            .endStatus()
            .build());
  }

  /** The namespace of the claim, with these labels. */
  void hasNamespace(Map<String, String> labels) {
    create(
        new NamespaceBuilder()
            .withNewMetadata()
            .withName("team-a")
            .withLabels(labels)
            .endMetadata()
            .build());
  }

  /** A claim elsewhere, so that there is something to find for who should not look there. */
  void alsoHoldsAClaimIn(String namespace, String name) {
    create(
        new PersistentVolumeClaimBuilder()
            .withNewMetadata()
            .withNamespace(namespace)
            .withName(name)
            .endMetadata()
            .withNewSpec()
            .withStorageClassName("fast")
            .endSpec()
            .build());
  }

  /** The paths that were asked for since the last call. */
  List<String> paths() throws InterruptedException {
    var paths = new ArrayList<String>();
    RecordedRequest request;
    while ((request = server.takeRequest(200, TimeUnit.MILLISECONDS)) != null) {
      paths.add(request.getPath());
    }
    return paths;
  }

  /** Refuses to tell anything of these objects, named as in paths, until told {@code null}. */
  void withhold(@Nullable String plural) {
    withheld = plural;
  }

  /** Answers nothing any more, until this is closed. */
  void stall() {
    stalled.compareAndSet(null, new CountDownLatch(1));
  }

  private <T extends HasMetadata> T create(T object) {
    return client.resource(object).create();
  }

  /** How many requests have been anything but a question. */
  int writes() {
    return writes.get();
  }

  /** As many, but for the renewals of its Lease, which come whenever they are due. */
  int writesButOfLeases() {
    return writesButOfLeases.get();
  }

  /** How often a single object of those that clones are judged by, or pods, were asked for. */
  int lookUps() {
    return lookUps.get();
  }

  int requests() {
    return server.getRequestCount();
  }

  /** The CA that the webhook has put into its Secret. */
  String caPem() {
    return new String(
        Base64.getDecoder().decode(secret().get().getData().get("ca.crt")),
        StandardCharsets.US_ASCII);
  }

  /** Both webhook configurations, as the chart makes them: nobody is trusted yet. */
  void hasConfigurations() {
    create(
        new MutatingWebhookConfigurationBuilder()
            .withNewMetadata()
            .withName("csi-clone-webhook")
            .endMetadata()
            .addNewWebhook()
            .withName("mutate.csi-clone.io")
            .withNewClientConfig()
            .endClientConfig()
            .endWebhook()
            .build());
    create(
        new ValidatingWebhookConfigurationBuilder()
            .withNewMetadata()
            .withName("csi-clone-webhook")
            .endMetadata()
            .addNewWebhook()
            .withName("validate.csi-clone.io")
            .withNewClientConfig()
            .endClientConfig()
            .endWebhook()
            .build());
  }

  /** Whom the API server trusts when it calls /validate; empty as long as nobody. */
  String publishedPem() {
    var bundle =
        client
            .admissionRegistration()
            .v1()
            .validatingWebhookConfigurations()
            .withName("csi-clone-webhook")
            .get()
            .getWebhooks()
            .getFirst()
            .getClientConfig()
            .getCaBundle();
    return bundle == null
        ? ""
        : new String(Base64.getMimeDecoder().decode(bundle), StandardCharsets.US_ASCII);
  }

  /** The certificate's Secret. */
  Resource<Secret> secret() {
    return client.secrets().inNamespace("csi-clone-system").withName("csi-clone-webhook-tls");
  }

  /** Writes these entries into the certificate's Secret, which is made if there is none. */
  void store(Map<String, String> entries) {
    var data = new HashMap<String, String>();
    entries.forEach((key, text) ->
        data.put(
            key, Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.US_ASCII))));
    if (secret().get() == null) {
      create(
          new SecretBuilder()
              .withNewMetadata()
              .withNamespace("csi-clone-system")
              .withName("csi-clone-webhook-tls")
              .endMetadata()
              .withData(data)
              .build());
    } else {
      secret().edit(before -> new SecretBuilder(before).addToData(data).build());
    }
  }

  /** Makes the webhook issue a new CA and certificate. */
  void dropCertificate() {
    secret().delete();
  }

  @Override
  public void close() {
    var stall = stalled.get();
    if (stall != null) {
      stall.countDown();
    }
    client.close();
    // It waits, up to ten seconds, for connections that were cut under it, and then complains.
    Thread.ofPlatform().daemon().start(this::stopServer);
  }

  private void stopServer() {
    try {
      server.destroy();
    } catch (IllegalStateException e) {
      System.getLogger("cluster").log(System.Logger.Level.DEBUG, "slow to stop", e);
    }
  }

  /** Stores, and refuses what is withheld. */
  private final class Withholding extends KubernetesCrudDispatcher {
    @Override
    public MockResponse dispatch(RecordedRequest request) {
      if (!request.getMethod().equals("GET")) {
        writes.incrementAndGet();
        if (!request.getPath().contains("/leases")) {
          writesButOfLeases.incrementAndGet();
        }
      }
      if (LOOK_UP.matcher(request.getPath()).find()) {
        lookUps.incrementAndGet();
      }
      var stall = stalled.get();
      if (stall != null) {
        try {
          stall.await();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
      var plural = withheld;
      return plural != null && request.getPath().contains("/" + plural)
          ? new MockResponse().setResponseCode(403)
          : super.dispatch(request);
    }
  }
}
