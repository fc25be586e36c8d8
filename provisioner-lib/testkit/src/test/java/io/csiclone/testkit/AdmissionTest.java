package io.csiclone.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhook;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfigurationBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhook;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhookBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhookConfigurationBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

@Tag("embedded")
@Timeout(60)
class AdmissionTest {

  private static final String LABEL =
      "[{\"op\":\"add\",\"path\":\"/metadata/labels\",\"value\":{\"by\":\"webhook\"}}]";

  @TempDir Path folder;

  private EmbeddedControlPlane plane;

  @BeforeEach
  void start() {
    plane = EmbeddedControlPlane.builder().claimBinder(false).start();
  }

  @AfterEach
  void stop() {
    plane.close();
  }

  @Test
  void aMutatingWebhookChangesTheClaimBeforeItIsStored() throws Exception {
    try (TestWebhook webhook = webhook(request -> TestWebhook.patch(LABEL))) {
      register(webhook.mutating());

      assertThat(create("data").getMetadata().getLabels()).containsEntry("by", "webhook");
      JsonNode asked = webhook.requests.getFirst();
      assertThat(Json.text(asked, "operation")).isEqualTo("CREATE");
      assertThat(Json.text(asked, "namespace")).isEqualTo("default");
      assertThat(Json.text(asked, "resource", "resource")).isEqualTo("persistentvolumeclaims");
      assertThat(Json.text(asked, "object", "metadata", "name")).isEqualTo("data");
      assertThat(asked.path("oldObject").isNull()).isTrue();
    }
  }

  @Test
  void aMutatingWebhookSeesWhatTheDefaultClassPluginFilledIn() throws Exception {
    plane.client().resource(TestObjects.storageClass("slow", true, "Immediate")).create();
    try (TestWebhook webhook = webhook(request -> TestWebhook.allow())) {
      register(webhook.mutating());
      plane.client().resource(TestObjects.claim("data", null)).create();

      JsonNode object = webhook.requests.getFirst().path("object");
      assertThat(Json.text(object, "spec", "storageClassName")).isEqualTo("slow");
      assertThat(object.path("metadata").path("managedFields").toString())
          .contains("f:accessModes")
          .doesNotContain("f:storageClassName");
    }
  }

  @Test
  void aDenialIsWordedAsTheApiServerWordsItAndNothingIsStored() throws Exception {
    try (TestWebhook webhook =
        webhook(request -> TestWebhook.deny(403, "SizeTooSmall: ask for more"))) {
      register(webhook.validating());

      assertThatThrownBy(() -> create("data"))
          .isInstanceOfSatisfying(
              KubernetesClientException.class,
              e -> {
                assertThat(e.getCode()).isEqualTo(403);
                assertThat(e.getStatus().getMessage())
                    .isEqualTo(
                        "admission webhook \"validate.example.org\" denied the request: SizeTooSmall: ask for more");
              });
      assertThat(plane.client().persistentVolumeClaims().withName("data").get()).isNull();
    }
  }

  @Test
  void warningsReachTheClientAsHttpHeaders() throws Exception {
    try (TestWebhook webhook =
        webhook(request -> {
          ObjectNode response = TestWebhook.allow();
          response.putArray("warnings").add("class \"fast\" was filled in");
          return response;
        })) {
      register(webhook.validating());

      var response =
          Http.send(
              plane,
              "POST",
              "/api/v1/namespaces/default/persistentvolumeclaims",
              "application/json",
              plane
                  .client()
                  .getKubernetesSerialization()
                  .asJson(TestObjects.claim("data", "fast")));
      assertThat(response.statusCode()).isEqualTo(201);
      assertThat(response.headers().allValues("Warning"))
          .containsExactly("299 - \"class \\\"fast\\\" was filled in\"");
    }
  }

  @Test
  void theWebhookCanReadFromTheServerWhileItIsAsked() throws Exception {
    create("source");
    try (TestWebhook webhook =
        webhook(request ->
            plane.client().persistentVolumeClaims().withName("source").get() == null
                ? TestWebhook.deny(403, "no source")
                : TestWebhook.allow())) {
      register(webhook.validating());

      assertThat(create("clone").getMetadata().getUid()).isNotEmpty();
    }
  }

  @Test
  void aWebhookWithACertificateOfAnotherCaIsNotBelieved() throws Exception {
    try (TestWebhook webhook = webhook(request -> TestWebhook.allow());
        TestWebhook other = webhook(request -> TestWebhook.allow())) {
      ValidatingWebhook wrong =
          new ValidatingWebhookBuilder(webhook.validating())
              .editClientConfig()
              .withCaBundle(other.caBundle())
              .endClientConfig()
              .build();
      register(wrong);

      assertThatThrownBy(() -> create("data"))
          .isInstanceOfSatisfying(KubernetesClientException.class, code(500))
          .hasMessageContaining("failed calling webhook \"validate.example.org\"")
          .hasMessageContaining("PKIX path");
      assertThat(webhook.requests).isEmpty();
    }
  }

  @Test
  void aServiceIsReachedWhereTheTestSaysAndMustCarryTheServicesName() throws Exception {
    try (TestWebhook webhook = webhook(request -> TestWebhook.patch(LABEL))) {
      for (String name : new String[] {"hook", "imposter"}) {
        try (EmbeddedControlPlane mapped =
            EmbeddedControlPlane.builder()
                .claimBinder(false)
                .webhookService(
                    "tests", name, new InetSocketAddress("127.0.0.1", webhook.address().getPort()))
                .start()) {
          MutatingWebhook byService =
              new MutatingWebhookBuilder(webhook.mutating())
                  .withNewClientConfig()
                  .withNewService("hook", "tests", "/mutate", 443)
                  .withCaBundle(webhook.caBundle())
                  .endClientConfig()
                  .build();
          byService.getClientConfig().getService().setName(name);
          mapped.client().resource(configuration(byService)).create();
          var create = mapped.client().resource(TestObjects.claim("data", "fast"));
          if (name.equals("hook")) {
            assertThat(create.create().getMetadata().getLabels()).containsKey("by");
          } else {
            assertThatThrownBy(create::create).hasMessageContaining("imposter.tests.svc");
          }
        }
      }
    }
  }

  @Test
  void anUnreachableWebhookFailsTheRequestOrIsIgnoredAsItsPolicySays() throws Exception {
    ValidatingWebhook gone;
    try (TestWebhook webhook = webhook(request -> TestWebhook.allow())) {
      gone = webhook.validating();
    }
    register(gone);
    assertThatThrownBy(() -> create("data"))
        .isInstanceOfSatisfying(KubernetesClientException.class, code(500))
        .hasMessageContaining("failed calling webhook");

    plane
        .client()
        .admissionRegistration()
        .v1()
        .validatingWebhookConfigurations()
        .withName("tests")
        .edit(c ->
            new ValidatingWebhookConfigurationBuilder(c)
                .editFirstWebhook()
                .withFailurePolicy("Ignore")
                .endWebhook()
                .build());
    assertThat(create("data").getMetadata().getUid()).isNotEmpty();
  }

  @Test
  void aWebhookThatTakesTooLongIsNotWaitedFor() throws Exception {
    try (TestWebhook webhook =
        webhook(request -> {
          try {
            Thread.sleep(Duration.ofSeconds(30));
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          return TestWebhook.allow();
        })) {
      ValidatingWebhook slow = webhook.validating();
      slow.setTimeoutSeconds(1);
      register(slow);
      long start = System.nanoTime();

      assertThatThrownBy(() -> create("data")).hasMessageContaining("deadline exceeded");
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
    }
  }

  @Test
  void rulesAndNamespaceSelectorsDecideWhatAWebhookIsAskedAbout() throws Exception {
    plane
        .client()
        .resource(
            new NamespaceBuilder()
                .withNewMetadata()
                .withName("quiet")
                .addToLabels("webhooks", "off")
                .endMetadata()
                .build())
        .create();
    try (TestWebhook webhook = webhook(request -> TestWebhook.deny(403, "no"))) {
      ValidatingWebhook selective =
          new ValidatingWebhookBuilder(webhook.validating())
              .withNewNamespaceSelector()
              .addNewMatchExpression()
              .withKey("webhooks")
              .withOperator("NotIn")
              .withValues("off")
              .endMatchExpression()
              .endNamespaceSelector()
              .build();
      selective.getRules().getFirst().setOperations(java.util.List.of("CREATE"));
      register(selective);

      PersistentVolumeClaim quiet = TestObjects.claim("data", "fast");
      quiet.getMetadata().setNamespace("quiet");
      PersistentVolumeClaim made = plane.client().resource(quiet).create();
      plane.client().resource(made).edit(c -> annotated(c));
      plane.client().resource(TestObjects.storageClass("fast", false, "Immediate")).create();
      assertThat(webhook.requests).isEmpty();
      assertThatThrownBy(() -> create("data")).hasMessageContaining("denied");
    }
  }

  @Test
  void anUpdateIsAdmittedWithTheOldObjectBesideTheNew() throws Exception {
    try (TestWebhook webhook = webhook(request -> TestWebhook.allow())) {
      PersistentVolumeClaim made = create("data");
      register(webhook.validating());
      plane.client().resource(made).edit(c -> annotated(c));

      JsonNode asked = webhook.requests.getFirst();
      assertThat(Json.text(asked, "operation")).isEqualTo("UPDATE");
      assertThat(Json.text(asked, "object", "metadata", "annotations", "a")).isEqualTo("b");
      assertThat(asked.path("oldObject").path("metadata").has("annotations")).isFalse();
    }
  }

  @Test
  void aWebhookThatAsksForItIsCalledAgainAfterALaterChange() throws Exception {
    try (TestWebhook first = webhook(request -> TestWebhook.allow());
        TestWebhook second = webhook(request -> TestWebhook.patch(LABEL))) {
      MutatingWebhook again = first.mutating();
      again.setReinvocationPolicy("IfNeeded");
      plane
          .client()
          .resource(
              new MutatingWebhookConfigurationBuilder(configuration(again))
                  .addToWebhooks(second.mutating())
                  .build())
          .create();
      create("data");

      assertThat(first.requests).hasSize(2);
      assertThat(Json.text(first.requests.get(1), "object", "metadata", "labels", "by"))
          .isEqualTo("webhook");
      assertThat(second.requests).hasSize(1);
    }
  }

  @Test
  void aDryRunReachesOnlyWebhooksThatPromiseToHaveNoSideEffects() throws Exception {
    try (TestWebhook webhook = webhook(request -> TestWebhook.allow())) {
      ValidatingWebhook careless = webhook.validating();
      careless.setSideEffects("Some");
      register(careless);

      assertThatThrownBy(
              () -> plane.client().resource(TestObjects.claim("data", "fast")).dryRun().create())
          .hasMessageContaining("does not support dry run");
      assertThat(webhook.requests).isEmpty();
    }
  }

  private TestWebhook webhook(Function<JsonNode, ObjectNode> answer) throws Exception {
    return new TestWebhook(folder, answer);
  }

  private PersistentVolumeClaim create(String name) {
    return plane.client().resource(TestObjects.claim(name, "fast")).create();
  }

  private void register(MutatingWebhook webhook) {
    plane.client().resource(configuration(webhook)).create();
  }

  private static io.fabric8.kubernetes.api.model.admissionregistration.v1
          .MutatingWebhookConfiguration
      configuration(MutatingWebhook webhook) {
    return new MutatingWebhookConfigurationBuilder()
        .withNewMetadata()
        .withName("tests")
        .endMetadata()
        .withWebhooks(webhook)
        .build();
  }

  private void register(ValidatingWebhook webhook) {
    plane
        .client()
        .resource(
            new ValidatingWebhookConfigurationBuilder()
                .withNewMetadata()
                .withName("tests")
                .endMetadata()
                .withWebhooks(webhook)
                .build())
        .create();
  }

  private static PersistentVolumeClaim annotated(PersistentVolumeClaim claim) {
    return new PersistentVolumeClaimBuilder(claim)
        .editMetadata()
        .withAnnotations(Map.of("a", "b"))
        .endMetadata()
        .build();
  }

  private static Consumer<KubernetesClientException> code(int code) {
    return e -> assertThat(e.getCode()).isEqualTo(code);
  }
}
