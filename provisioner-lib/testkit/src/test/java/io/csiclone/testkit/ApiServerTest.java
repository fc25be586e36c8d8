package io.csiclone.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimStatusBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("embedded")
class ApiServerTest {

  private EmbeddedControlPlane plane;
  private KubernetesClient client;

  @BeforeEach
  void start() {
    plane = EmbeddedControlPlane.builder().claimBinder(false).start();
    client = plane.client();
  }

  @AfterEach
  void stop() {
    plane.close();
  }

  @Test
  void aNewClaimGetsTheSystemsMetadataDefaultsAndPhase() {
    PersistentVolumeClaim made = client.resource(TestObjects.claim("data", "fast")).create();

    assertThat(made.getMetadata().getUid()).hasSize(36);
    assertThat(made.getMetadata().getCreationTimestamp()).endsWith("Z");
    assertThat(made.getMetadata().getResourceVersion()).isNotEmpty();
    assertThat(made.getSpec().getVolumeMode()).isEqualTo("Filesystem");
    assertThat(made.getStatus().getPhase()).isEqualTo("Pending");
  }

  @Test
  void anAuthorizerSeesWhatIsAskedForInTheTermsOfRolesAndMayForbidIt() {
    List<ApiCall> calls = new CopyOnWriteArrayList<>();
    try (EmbeddedControlPlane guarded =
            EmbeddedControlPlane.builder()
                .claimBinder(false)
                .authorizer(call -> {
                  calls.add(call);
                  return call.user().isEmpty() || !call.verb().equals("create");
                })
                .start();
        KubernetesClient reader =
            new KubernetesClientBuilder()
                .withConfig(
                    new ConfigBuilder(Config.empty())
                        .withMasterUrl(guarded.url().toString())
                        .withOauthToken("reader")
                        .build())
                .build()) {
      guarded.client().resource(TestObjects.claim("data", "fast")).create();
      reader.persistentVolumeClaims().inNamespace("default").withName("data").get();
      reader.persistentVolumeClaims().inAnyNamespace().list();
      reader.secrets().inNamespace("default").withField("metadata.name", "tls").list();

      assertThatThrownBy(() -> reader.resource(TestObjects.claim("more", "fast")).create())
          .isInstanceOfSatisfying(KubernetesClientException.class, code(403))
          .hasMessageContaining("User \"reader\" cannot create persistentvolumeclaims in default");
      assertThat(calls)
          .containsExactly(
              new ApiCall("", "create", "", "persistentvolumeclaims", "default", ""),
              new ApiCall("reader", "get", "", "persistentvolumeclaims", "default", "data"),
              new ApiCall("reader", "list", "", "persistentvolumeclaims", "", ""),
              new ApiCall("reader", "list", "", "secrets", "default", "tls"),
              new ApiCall("reader", "create", "", "persistentvolumeclaims", "default", ""));
    }
  }

  @Test
  void aGeneratedNameBeginsWithWhatWasGiven() {
    PersistentVolumeClaim claim = TestObjects.claim("x", "fast");
    claim.getMetadata().setName(null);
    claim.getMetadata().setGenerateName("data-");

    assertThat(client.resource(claim).create().getMetadata().getName()).matches("data-[0-9a-f]{5}");
  }

  @Test
  void creatingTwiceIsAConflictThatNamesTheObject() {
    client.resource(TestObjects.claim("data", "fast")).create();

    assertThatThrownBy(() -> client.resource(TestObjects.claim("data", "fast")).create())
        .isInstanceOfSatisfying(KubernetesClientException.class, code(409))
        .hasMessageContaining("persistentvolumeclaims \"data\" already exists");
  }

  @Test
  void aWriteOnAnOldVersionIsRefused() {
    PersistentVolumeClaim old = client.resource(TestObjects.claim("data", "fast")).create();
    client.resource(old).edit(c -> labelled(c, "a"));

    assertThatThrownBy(() -> client.resource(labelled(old, "b")).update())
        .isInstanceOfSatisfying(KubernetesClientException.class, code(409))
        .hasMessageContaining("the object has been modified");
  }

  @Test
  void theStatusChangesOnlyThroughItsOwnDoor() {
    PersistentVolumeClaim made = client.resource(TestObjects.claim("data", "fast")).create();
    PersistentVolumeClaim bound =
        new PersistentVolumeClaimBuilder(made).editStatus().withPhase("Bound").endStatus().build();

    assertThat(client.resource(bound).update().getStatus().getPhase()).isEqualTo("Pending");
    bound.getMetadata().setResourceVersion(null);
    bound.getSpec().setVolumeName("ignored-on-this-door");
    PersistentVolumeClaim after = client.resource(bound).updateStatus();
    assertThat(after.getStatus().getPhase()).isEqualTo("Bound");
    assertThat(after.getSpec().getVolumeName()).isNull();
  }

  @Test
  void theSpecOfAClaimIsImmutableButForGrowing() {
    PersistentVolumeClaim made = client.resource(TestObjects.claim("data", "fast")).create();

    assertThatThrownBy(
            () -> client.resource(made).edit(c -> spec(c, s -> s.getSpec().setVolumeMode("Block"))))
        .isInstanceOfSatisfying(KubernetesClientException.class, code(422))
        .hasMessageContaining("immutable");
    assertThatThrownBy(() -> client.resource(made).edit(c -> spec(c, s -> request(s, "1Mi"))))
        .isInstanceOfSatisfying(KubernetesClientException.class, code(422));
    assertThat(
            client
                .resource(made)
                .edit(c -> spec(c, s -> request(s, "3Gi")))
                .getSpec()
                .getResources()
                .getRequests())
        .containsEntry("storage", new Quantity("3Gi"));
  }

  @Test
  void anObjectWithFinalizersStaysUntilTheLastIsTakenAway() {
    PersistentVolumeClaim claim = TestObjects.claim("data", "fast");
    claim.getMetadata().setFinalizers(List.of("example.org/a", "example.org/b"));
    String before = client.resource(claim).create().getMetadata().getResourceVersion();

    client.resource(claim).delete();
    PersistentVolumeClaim terminating = client.resource(claim).get();
    assertThat(terminating.getMetadata().getDeletionTimestamp()).endsWith("Z");
    assertThat(terminating.getMetadata().getResourceVersion()).isNotEqualTo(before);
    assertThatThrownBy(() ->
            client
                .resource(claim)
                .edit(c -> finalizers(c, "example.org/a", "example.org/b", "example.org/c")))
        .isInstanceOfSatisfying(KubernetesClientException.class, code(422));

    client.resource(claim).edit(c -> finalizers(c, "example.org/b"));
    assertThat(client.resource(claim).get()).isNotNull();
    client.resource(claim).edit(c -> finalizers(c));
    assertThat(client.resource(claim).get()).isNull();
  }

  @Test
  void aDeleteWithTheWrongUidIsRefused() throws Exception {
    client.resource(TestObjects.claim("data", "fast")).create();

    var response =
        Http.send(
            plane,
            "DELETE",
            "/api/v1/namespaces/default/persistentvolumeclaims/data",
            "application/json",
            "{\"preconditions\":{\"uid\":\"00000000-0000-0000-0000-000000000000\"}}");
    assertThat(response.statusCode()).isEqualTo(409);
    assertThat(client.persistentVolumeClaims().withName("data").get()).isNotNull();
  }

  @Test
  void aDryRunStoresNothing() {
    client.resource(TestObjects.claim("data", "fast")).dryRun().create();

    assertThat(client.persistentVolumeClaims().withName("data").get()).isNull();
  }

  @Test
  void aJsonPatchIntoAMissingParentIsRefusedAsOnARealServer() throws Exception {
    client.resource(TestObjects.claim("data", "fast")).create();

    var response =
        Http.send(
            plane,
            "PATCH",
            "/api/v1/namespaces/default/persistentvolumeclaims/data",
            "application/json-patch+json",
            "[{\"op\":\"add\",\"path\":\"/metadata/annotations/a\",\"value\":\"b\"}]");
    assertThat(response.statusCode()).isEqualTo(422);
  }

  @Test
  void mergePatchesAreServedAndStrategicOnesKeepFinalizers() {
    PersistentVolumeClaim claim = TestObjects.claim("data", "fast");
    claim.getMetadata().setFinalizers(List.of("example.org/a"));
    client.resource(claim).create();

    PersistentVolumeClaim merged =
        client
            .resource(claim)
            .patch(
                PatchContext.of(PatchType.JSON_MERGE),
                "{\"metadata\":{\"annotations\":{\"a\":\"b\"}}}");
    assertThat(merged.getMetadata().getAnnotations()).containsEntry("a", "b");
    PersistentVolumeClaim strategic =
        client
            .resource(claim)
            .patch(
                PatchContext.of(PatchType.STRATEGIC_MERGE),
                "{\"metadata\":{\"finalizers\":[\"example.org/b\"]}}");
    assertThat(strategic.getMetadata().getFinalizers())
        .containsExactly("example.org/a", "example.org/b");
  }

  @Test
  void aClaimWithoutClassGetsTheDefaultOneAndItsManagedFieldsTellSo() {
    client.resource(TestObjects.storageClass("slow", true, "Immediate")).create();

    PersistentVolumeClaim filled = client.resource(TestObjects.claim("a", null)).create();
    PersistentVolumeClaim named = client.resource(TestObjects.claim("b", "slow")).create();
    PersistentVolumeClaim declined = client.resource(TestObjects.claim("c", "")).create();

    assertThat(filled.getSpec().getStorageClassName()).isEqualTo("slow");
    assertThat(declined.getSpec().getStorageClassName()).isEmpty();
    assertThat(specFields(filled)).contains("f:volumeMode").doesNotContain("f:storageClassName");
    assertThat(specFields(named)).contains("f:storageClassName");
    ManagedFieldsEntry entry = filled.getMetadata().getManagedFields().getFirst();
    assertThat(entry.getManager()).isEqualTo("kubectl");
    assertThat(entry.getOperation()).isEqualTo("Update");
  }

  @Test
  void dataSourceAndDataSourceRefAreMadeToAgreeAndOneOfAnotherNamespaceIsDropped() {
    PersistentVolumeClaim clone = TestObjects.claim("clone", "fast");
    clone.getSpec().setDataSource(source());
    PersistentVolumeClaim made = client.resource(clone).create();
    assertThat(made.getSpec().getDataSourceRef().getName()).isEqualTo("data");

    PersistentVolumeClaim crossing =
        new PersistentVolumeClaimBuilder(TestObjects.claim("crossing", "fast"))
            .editSpec()
            .withNewDataSourceRef()
            .withKind("PersistentVolumeClaim")
            .withName("data")
            .withNamespace("other")
            .endDataSourceRef()
            .endSpec()
            .build();
    PersistentVolumeClaim stored = client.resource(crossing).create();
    assertThat(stored.getSpec().getDataSourceRef()).isNull();
    assertThat(stored.getSpec().getDataSource()).isNull();
  }

  @Test
  void secretsAreReadAsDataWhateverTheyWereWrittenAs() {
    client
        .resource(
            new SecretBuilder()
                .withNewMetadata()
                .withName("s")
                .endMetadata()
                .addToStringData("k", "hello")
                .build())
        .create();

    assertThat(client.secrets().withName("s").get().getData()).containsEntry("k", "aGVsbG8=");
  }

  @Test
  void listsAreSelectedByLabelsAndFields() {
    client.resource(labelled(TestObjects.claim("a", "fast"), "x")).create();
    client.resource(labelled(TestObjects.claim("b", "fast"), "y")).create();
    client.resource(TestObjects.claim("c", "fast")).create();

    assertThat(names(client.persistentVolumeClaims().withLabel("l", "x").list().getItems()))
        .containsExactly("a");
    assertThat(names(client.persistentVolumeClaims().withLabelIn("l", "x", "y").list().getItems()))
        .containsExactly("a", "b");
    assertThat(names(client.persistentVolumeClaims().withoutLabel("l").list().getItems()))
        .containsExactly("c");
    assertThat(
            names(
                client.persistentVolumeClaims().withField("metadata.name", "b").list().getItems()))
        .containsExactly("b");
  }

  @Test
  void anotherClientGetsInThroughTheKubeconfigAndWatches() throws Exception {
    client.resource(TestObjects.claim("before", "fast")).create();
    Config config = Config.fromKubeconfig(plane.kubeconfig().toFile());
    List<String> seen = new CopyOnWriteArrayList<>();
    try (KubernetesClient second = new KubernetesClientBuilder().withConfig(config).build();
        SharedIndexInformer<PersistentVolumeClaim> informer =
            second.persistentVolumeClaims().inAnyNamespace().inform(recorder(seen))) {
      await().atMost(Duration.ofSeconds(10)).until(() -> seen.contains("+before"));
      PersistentVolumeClaim made = client.resource(TestObjects.claim("after", "fast")).create();
      client.resource(made).edit(c -> labelled(c, "x"));
      client.resource(made).delete();
      await().atMost(Duration.ofSeconds(10)).until(() -> seen.contains("-after"));
      assertThat(seen).containsExactly("+before", "+after", "~after", "-after");
      assertThat(informer.isWatching()).isTrue();
    }
  }

  @Test
  void aThousandQuickWritesReachAWatcherCompletelyAndInOrder() {
    List<String> seen = new CopyOnWriteArrayList<>();
    try (var informer = client.configMaps().inform(recorder(seen))) {
      for (int i = 0; i < 1000; i++) {
        client
            .resource(
                new ConfigMapBuilder().withNewMetadata().withName("m" + i).endMetadata().build())
            .create();
      }
      await().atMost(Duration.ofSeconds(20)).until(() -> seen.size() == 1000);
      assertThat(seen.getLast()).isEqualTo("+m999");
      assertThat(informer.getStore().list()).hasSize(1000);
    }
  }

  @Test
  void whatIsNotServedIsSaidWithASentence() throws Exception {
    assertThat(Http.send(plane, "GET", "/nowhere", "", "").statusCode()).isEqualTo(404);
    assertThat(Http.send(plane, "GET", "/version", "", "").body()).contains("gitVersion");
    assertThat(Http.send(plane, "GET", "/apis/storage.k8s.io/v1", "", "").body())
        .contains("csidrivers");
    var noJson =
        Http.send(
            plane, "POST", "/api/v1/namespaces/default/configmaps", "application/json", "{nope");
    assertThat(noJson.statusCode()).isEqualTo(400);
    assertThat(noJson.body()).contains("the body is not JSON");
    var otherKind =
        Http.send(
            plane,
            "POST",
            "/api/v1/namespaces/default/configmaps",
            "application/json",
            "{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"x\"}}");
    assertThat(otherKind.statusCode()).isEqualTo(400);
    assertThat(otherKind.body()).contains("does not match the expected kind (ConfigMap)");
  }

  @Test
  void closingRemovesTheKubeconfigAndMayBeDoneTwice() {
    Path kubeconfig = plane.kubeconfig();
    assertThat(kubeconfig).exists();
    plane.close();
    plane.close();
    assertThat(Files.exists(kubeconfig.getParent())).isFalse();
  }

  private static Consumer<KubernetesClientException> code(int code) {
    return e -> assertThat(e.getCode()).isEqualTo(code);
  }

  private static PersistentVolumeClaim labelled(PersistentVolumeClaim claim, String value) {
    return new PersistentVolumeClaimBuilder(claim)
        .editMetadata()
        .addToLabels("l", value)
        .endMetadata()
        .build();
  }

  private static PersistentVolumeClaim finalizers(PersistentVolumeClaim claim, String... wanted) {
    return new PersistentVolumeClaimBuilder(claim)
        .editMetadata()
        .withFinalizers(wanted)
        .endMetadata()
        .build();
  }

  private static PersistentVolumeClaim spec(
      PersistentVolumeClaim claim, Consumer<PersistentVolumeClaim> change) {
    PersistentVolumeClaim copy = new PersistentVolumeClaimBuilder(claim).build();
    change.accept(copy);
    return copy;
  }

  private static void request(PersistentVolumeClaim claim, String size) {
    claim.getSpec().getResources().setRequests(java.util.Map.of("storage", new Quantity(size)));
  }

  private static io.fabric8.kubernetes.api.model.TypedLocalObjectReference source() {
    return new io.fabric8.kubernetes.api.model.TypedLocalObjectReference(
        null, "PersistentVolumeClaim", "data");
  }

  private static String specFields(PersistentVolumeClaim claim) {
    return String.valueOf(
        claim
            .getMetadata()
            .getManagedFields()
            .getFirst()
            .getFieldsV1()
            .getAdditionalProperties()
            .get("f:spec"));
  }

  private static List<String> names(List<? extends HasMetadata> objects) {
    return objects.stream().map(o -> o.getMetadata().getName()).toList();
  }

  private static <T extends HasMetadata> ResourceEventHandler<T> recorder(List<String> seen) {
    return new ResourceEventHandler<>() {
      @Override
      public void onAdd(T object) {
        seen.add("+" + object.getMetadata().getName());
      }

      @Override
      public void onUpdate(T before, T after) {
        seen.add("~" + after.getMetadata().getName());
      }

      @Override
      public void onDelete(T object, boolean unknown) {
        seen.add("-" + object.getMetadata().getName());
      }
    };
  }

  @Test
  void aListWithALimitComesInPartsThatAreAllOfOneMoment() {
    for (int i = 0; i < 5; i++) {
      client.resource(TestObjects.claim("data-" + i, "fast")).create();
    }
    var claims = client.persistentVolumeClaims().inNamespace("default");
    var first = claims.list(new ListOptionsBuilder().withLimit(3L).build());
    client.resource(TestObjects.claim("data-5", "fast")).create();
    var second =
        claims.list(
            new ListOptionsBuilder()
                .withLimit(3L)
                .withContinue(first.getMetadata().getContinue())
                .build());

    assertThat(first.getItems()).hasSize(3);
    assertThat(second.getItems())
        .extracting(claim -> claim.getMetadata().getName())
        .containsExactly("data-3", "data-4");
    assertThat(second.getMetadata().getContinue()).isNullOrEmpty();
    assertThat(second.getMetadata().getResourceVersion())
        .isEqualTo(first.getMetadata().getResourceVersion());
  }

  @Test
  void aPartOfAListThatIsNotKnownAnyMoreIsGone() {
    assertThatThrownBy(() ->
            client
                .persistentVolumeClaims()
                .inNamespace("default")
                .list(new ListOptionsBuilder().withContinue("long-ago").build()))
        .isInstanceOfSatisfying(KubernetesClientException.class, code(410));
  }

  @Test
  void givenObjectsAreThereFromTheBeginningWithTheirStatus() {
    PersistentVolumeClaim claim = TestObjects.claim("old", "fast");
    claim.setStatus(new PersistentVolumeClaimStatusBuilder().withPhase("Lost").build());
    try (var old =
        EmbeddedControlPlane.builder().claimBinder(false).objects(() -> Stream.of(claim)).start()) {
      PersistentVolumeClaim found = old.client().resource(claim).get();
      assertThat(found.getStatus().getPhase()).isEqualTo("Lost");
      assertThat(found.getMetadata().getUid()).isNotEmpty();
    }
  }
}
