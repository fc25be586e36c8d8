package io.csiclone.webhook;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.storage.CSIDriverBuilder;
import io.fabric8.kubernetes.api.model.storage.StorageClassBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * An API server that only stores, over real HTTP, with the claim team-a/data that can be cloned.
 */
final class Cluster implements AutoCloseable {

  private final KubernetesMockServer server =
      new KubernetesMockServer(
          new Context(), new MockWebServer(), new HashMap<>(), new Withholding(), false);
  final KubernetesClient client;
  private final AtomicInteger writes = new AtomicInteger();
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
    var uid =
        create(
                new PersistentVolumeClaimBuilder()
                    .withNewMetadata()
                    .withNamespace("team-a")
                    .withName("data")
                    .endMetadata()
                    .withNewSpec()
                    .withStorageClassName("fast")
                    .withAccessModes("ReadWriteOnce")
                    .withVolumeName("pv-1")
                    .withNewResources()
                    .addToRequests("storage", new Quantity("1Gi"))
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
            .withName("pv-1")
            .endMetadata()
            .withNewSpec()
            .addToCapacity("storage", new Quantity("1Gi"))
            .withNewClaimRef()
            .withNamespace("team-a")
            .withName("data")
            .withUid(uid)
            .endClaimRef()
            .withNewCsi()
            .withDriver("disk.example.com")
            .withVolumeHandle("vol-1")
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

  private <T extends HasMetadata> T create(T object) {
    return client.resource(object).create();
  }

  /** How many requests have been anything but a question. */
  int writes() {
    return writes.get();
  }

  int requests() {
    return server.getRequestCount();
  }

  /** The CA that the webhook has put into its Secret. */
  String caPem() {
    var secret =
        client.secrets().inNamespace("csi-clone-system").withName("csi-clone-webhook-tls").get();
    return new String(
        Base64.getDecoder().decode(secret.getData().get("ca.crt")), StandardCharsets.US_ASCII);
  }

  /** Makes the webhook issue a new CA and certificate. */
  void dropCertificate() {
    client.secrets().inNamespace("csi-clone-system").withName("csi-clone-webhook-tls").delete();
  }

  @Override
  public void close() {
    client.close();
    server.destroy();
  }

  /** Stores, and refuses what is withheld. */
  private final class Withholding extends KubernetesCrudDispatcher {
    @Override
    public MockResponse dispatch(RecordedRequest request) {
      if (!request.getMethod().equals("GET")) {
        writes.incrementAndGet();
      }
      var plural = withheld;
      return plural != null && request.getPath().contains("/" + plural)
          ? new MockResponse().setResponseCode(403)
          : super.dispatch(request);
    }
  }
}
