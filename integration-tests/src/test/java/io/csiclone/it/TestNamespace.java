package io.csiclone.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.csiclone.cluster.NodeCluster;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** A namespace of its own for one test, and what a user does in it. */
final class TestNamespace implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(90);

  private final NodeCluster cluster;
  private final KubernetesClient client;
  private final String name;

  private TestNamespace(NodeCluster cluster, String name) {
    this.cluster = cluster;
    this.client = cluster.client();
    this.name = name;
  }

  static TestNamespace create(NodeCluster cluster) {
    return create(cluster, new ObjectMetaBuilder().withGenerateName("it-").build());
  }

  /** For a test whose recordings have to be alike each time. */
  static TestNamespace named(NodeCluster cluster, String name) {
    return create(cluster, new ObjectMetaBuilder().withName(name).build());
  }

  private static TestNamespace create(NodeCluster cluster, ObjectMeta metadata) {
    String name =
        cluster
            .client()
            .resource(new NamespaceBuilder().withMetadata(metadata).build())
            .create()
            .getMetadata()
            .getName();
    TestNamespace namespace = new TestNamespace(cluster, name);
    // A pod is refused until the namespace has its service account.
    await()
        .atMost(PATIENCE)
        .until(() ->
            cluster.client().serviceAccounts().inNamespace(name).withName("default").get() != null);
    return namespace;
  }

  String name() {
    return name;
  }

  /** What the API server answered to a create request. */
  record Answer(int code, String body, List<String> warnings, KubernetesClient client) {

    boolean created() {
      return code == 201;
    }

    Status status() {
      return client.getKubernetesSerialization().unmarshal(body, Status.class);
    }
  }

  /** {@code kubectl create} of a claim, with the answer as it came. */
  Answer tryCreate(PersistentVolumeClaim claim) {
    return tryCreate(claim, "kubectl-create");
  }

  /** Creation of a claim by a client that calls itself so, with the answer as it came. */
  Answer tryCreate(PersistentVolumeClaim claim, String fieldManager) {
    return post(claim, "fieldManager=" + fieldManager);
  }

  /** {@code kubectl create --dry-run=server}, with the answer as it came. */
  Answer tryCreateDry(PersistentVolumeClaim claim) {
    return post(claim, "fieldManager=kubectl-create&dryRun=All");
  }

  private Answer post(PersistentVolumeClaim claim, String query) {
    var http = client.getHttpClient();
    var request =
        http.newHttpRequestBuilder()
            .uri(
                client.getMasterUrl()
                    + "api/v1/namespaces/"
                    + name
                    + "/persistentvolumeclaims?"
                    + query)
            .post("application/json", client.getKubernetesSerialization().asJson(claim))
            .build();
    try {
      HttpResponse<String> response =
          http.sendAsync(request, String.class).get(30, TimeUnit.SECONDS);
      return new Answer(
          response.code(), response.body(), List.copyOf(response.headers("Warning")), client);
    } catch (Exception e) {
      throw new AssertionError("the API server did not answer", e);
    }
  }

  /** Creates a claim that must be accepted. */
  Answer create(PersistentVolumeClaim claim) {
    Answer answer = tryCreate(claim);
    assertThat(answer.created()).as(answer.body()).isTrue();
    return answer;
  }

  /** Creates a claim and waits until it is Bound; says what the events were if it never is. */
  PersistentVolumeClaim createBound(PersistentVolumeClaim claim) {
    create(claim);
    return awaitBound(claim.getMetadata().getName());
  }

  PersistentVolumeClaim awaitBound(String claim) {
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(100))
        .untilAsserted(() ->
            assertThat(claim(claim).getStatus().getPhase())
                .as("phase of %s; events: %s", claim, events())
                .isEqualTo("Bound"));
    return claim(claim);
  }

  PersistentVolumeClaim claim(String claim) {
    return Objects.requireNonNull(
        client.persistentVolumeClaims().inNamespace(name).withName(claim).get(),
        () -> "claim " + claim + " does not exist");
  }

  PersistentVolume volumeOf(String claim) {
    return client.persistentVolumes().withName(claim(claim).getSpec().getVolumeName()).get();
  }

  String volumeHandleOf(String claim) {
    return volumeOf(claim).getSpec().getCsi().getVolumeHandle();
  }

  /** Deletes a claim and waits until its volume is gone too. */
  void deleteClaim(String claim) {
    String volume = claim(claim).getSpec().getVolumeName();
    client.persistentVolumeClaims().inNamespace(name).withName(claim).delete();
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> {
          assertThat(client.persistentVolumeClaims().inNamespace(name).withName(claim).get())
              .as("claim %s; events: %s", claim, events())
              .isNull();
          if (volume != null) {
            assertThat(client.persistentVolumes().withName(volume).get())
                .as("volume of claim %s; events: %s", claim, events())
                .isNull();
          }
        });
  }

  /** Starts a pod that has the claims attached and waits until it runs. */
  TestPod run(String pod, String... claims) {
    return TestPod.start(client, this, pod, List.of(claims));
  }

  NodeCluster cluster() {
    return cluster;
  }

  String events() {
    return client.v1().events().inNamespace(name).list().getItems().stream()
        .map(TestNamespace::line)
        .collect(Collectors.joining("; "));
  }

  private static String line(Event event) {
    return event.getInvolvedObject().getName()
        + " "
        + event.getReason()
        + ": "
        + event.getMessage();
  }

  @Override
  public void close() {
    client.pods().inNamespace(name).withGracePeriod(0).delete();
    for (PersistentVolumeClaim claim :
        client.persistentVolumeClaims().inNamespace(name).list().getItems()) {
      client.resource(claim).delete();
    }
    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(client.persistentVolumeClaims().inNamespace(name).list().getItems())
                .as("claims left in %s; events: %s", name, events())
                .isEmpty());
    client.namespaces().withName(name).delete();
  }
}
