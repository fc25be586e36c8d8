package io.csiclone.it;

import static io.csiclone.it.ChartRenderTest.NEWEST;
import static io.csiclone.it.ChartRenderTest.WEBHOOK;
import static io.csiclone.it.ChartRenderTest.all;
import static io.csiclone.it.ChartRenderTest.one;
import static io.csiclone.it.ChartRenderTest.render;
import static io.csiclone.it.ChartRenderTest.rules;
import static io.csiclone.it.ChartRenderTest.single;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.rbac.Role;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the webhook's chart renders for each source of certificates. */
class CertificateChartTest {

  @Test
  void whoMakesItsCertificatesMayDoExactlyWhatThatTakes() {
    assertThat(rightsAt(WEBHOOK, Map.of()))
        .containsExactlyInAnyOrder(
            "create secrets",
            "get,list,watch,update secrets csi-clone-webhook-tls",
            "create leases",
            "get,patch leases csi-clone-webhook-tls");
    for (String mode : List.of("cert-manager", "supplied")) {
      assertThat(rightsAt(WEBHOOK, Map.of("certificate.mode", mode)))
          .as(mode)
          .containsExactly("get,list,watch secrets csi-clone-webhook-tls");
    }
    assertThat(rightsAt(WEBHOOK, Map.of("clientCertificate.caConfigMap", "callers")))
        .contains("list,watch configmaps callers");
  }

  @Test
  void onlyWhoPublishesTheAuthorityMayPatchTheConfigurations() {
    String bundle = "-----BEGIN CERTIFICATE-----";
    for (Map<String, Object> publishing :
        List.of(Map.<String, Object>of(), Map.<String, Object>of("certificate.mode", "supplied"))) {
      assertThat(rules(render(WEBHOOK, NEWEST, publishing)))
          .anySatisfy(rule ->
              assertThat(rule.getApiGroups()).containsExactly("admissionregistration.k8s.io"));
    }
    for (Map<String, Object> silent :
        List.of(
            Map.<String, Object>of("certificate.mode", "cert-manager"),
            Map.<String, Object>of(
                "certificate.mode", "supplied", "certificate.caBundle", bundle))) {
      assertThat(rules(render(WEBHOOK, NEWEST, silent)))
          .noneSatisfy(
              rule -> assertThat(rule.getApiGroups()).contains("admissionregistration.k8s.io"));
    }
  }

  @Test
  void theSourceOfTheCertificateReachesTheWebhook() {
    assertThat(arguments(Map.of()))
        .contains(
            "--csi-clone.webhook.certificate.mode=self-managed",
            "--csi-clone.webhook.certificate.overlap=5m")
        .noneMatch(argument -> argument.contains("client-certificate"));
    assertThat(arguments(Map.of("certificate.mode", "cert-manager")))
        .contains("--csi-clone.webhook.certificate.mode=cert-manager");
    assertThat(arguments(Map.of("certificate.mode", "supplied", "certificate.secretName", "mine")))
        .contains(
            "--csi-clone.webhook.certificate.mode=supplied",
            "--csi-clone.webhook.secret-name=mine",
            "--csi-clone.webhook.certificate.publish-ca=true");
    assertThat(
            arguments(
                Map.of(
                    "clientCertificate.caConfigMap", "callers",
                    "clientCertificate.names[0]", "kube-apiserver",
                    "clientCertificate.names[1]", "other")))
        .contains(
            "--csi-clone.webhook.client-certificate.ca-config-map=callers",
            "--csi-clone.webhook.client-certificate.names=kube-apiserver,other");
  }

  @Test
  void aGivenBundleIsRenderedAndNotPublished() {
    Map<String, Object> values =
        Map.of(
            "certificate.mode", "supplied", "certificate.caBundle", "-----BEGIN CERTIFICATE-----x");
    assertThat(
            one(ValidatingWebhookConfiguration.class, render(WEBHOOK, NEWEST, values))
                .getWebhooks()
                .getFirst()
                .getClientConfig()
                .getCaBundle())
        .isEqualTo(
            Base64.getEncoder()
                .encodeToString("-----BEGIN CERTIFICATE-----x".getBytes(StandardCharsets.UTF_8)));
    assertThat(arguments(values)).contains("--csi-clone.webhook.certificate.publish-ca=false");
  }

  @Test
  void certManagerMakesACertificateOfTheNamesAndInjectsItsAuthority() {
    List<HasMetadata> objects = render(WEBHOOK, NEWEST, Map.of("certificate.mode", "cert-manager"));

    assertThat(objects)
        .filteredOn(object -> object.getApiVersion().equals("cert-manager.io/v1"))
        .extracting(object -> object.getKind() + " " + object.getMetadata().getName())
        .containsExactlyInAnyOrder(
            "Issuer csi-clone-webhook-self-signed",
            "Certificate csi-clone-webhook-ca",
            "Issuer csi-clone-webhook-ca",
            "Certificate csi-clone-webhook");
    GenericKubernetesResource certificate = certificate(objects);
    assertThat(certificate.<String>get("spec", "secretName")).isEqualTo("csi-clone-webhook-tls");
    assertThat(certificate.<List<String>>get("spec", "dnsNames"))
        .containsExactly(
            "csi-clone-webhook.csi-clone-system.svc",
            "csi-clone-webhook.csi-clone-system.svc.cluster.local");
    assertThat(certificate.<String>get("spec", "issuerRef", "name"))
        .isEqualTo("csi-clone-webhook-ca");
    for (HasMetadata configuration :
        List.of(
            one(MutatingWebhookConfiguration.class, objects),
            one(ValidatingWebhookConfiguration.class, objects))) {
      assertThat(configuration.getMetadata().getAnnotations())
          .containsEntry("cert-manager.io/inject-ca-from", "csi-clone-system/csi-clone-webhook");
    }
  }

  @Test
  void certManagerTakesTheIssuerThatIsGiven() {
    List<HasMetadata> objects =
        render(
            WEBHOOK,
            NEWEST,
            Map.of(
                "certificate.mode", "cert-manager",
                "certificate.issuerRef.name", "corporate",
                "certificate.issuerRef.kind", "ClusterIssuer"));

    assertThat(objects).noneMatch(object -> object.getKind().equals("Issuer"));
    GenericKubernetesResource certificate = certificate(objects);
    assertThat(certificate.<Map<String, String>>get("spec", "issuerRef"))
        .containsEntry("name", "corporate")
        .containsEntry("kind", "ClusterIssuer")
        .containsEntry("group", "cert-manager.io");
  }

  private static GenericKubernetesResource certificate(List<HasMetadata> objects) {
    return single(
        all(GenericKubernetesResource.class, objects).stream()
            .filter(object -> object.getKind().equals("Certificate"))
            .filter(object -> object.getMetadata().getName().equals(WEBHOOK))
            .toList());
  }

  private static List<String> arguments(Map<String, Object> values) {
    return single(
            one(Deployment.class, render(WEBHOOK, NEWEST, values))
                .getSpec()
                .getTemplate()
                .getSpec()
                .getContainers())
        .getArgs();
  }

  /** What is granted in the release's namespace: verbs, resource and names. */
  private static List<String> rightsAt(String chart, Map<String, Object> values) {
    return all(Role.class, render(chart, NEWEST, values)).stream()
        .flatMap(role -> role.getRules().stream())
        .map(rule ->
            "%s %s %s"
                .formatted(
                    String.join(",", rule.getVerbs()),
                    String.join(",", rule.getResources()),
                    String.join(",", rule.getResourceNames()))
                .strip())
        .toList();
  }
}
