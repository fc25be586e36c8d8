package io.csiclone.provisioner;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeStatusBuilder;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.SecretReference;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Secrets that storage classes name. */
class SecretsTest extends ProvisionerTestBed {

  private static final String PREFIX = "csi.storage.k8s.io/";

  private void secret(String namespace, String name, String value) {
    client
        .resource(
            new SecretBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(name)
                .endMetadata()
                .addToData("key", base64(value))
                .build())
        .create();
  }

  private static String base64(String value) {
    return Base64.getEncoder().encodeToString(value.getBytes(UTF_8));
  }

  private void secretiveClass(String... namesAndNamespaces) {
    var parameters = new HashMap<String, String>();
    for (int i = 0; i < namesAndNamespaces.length; i += 3) {
      parameters.put(PREFIX + namesAndNamespaces[i] + "-name", namesAndNamespaces[i + 1]);
      parameters.put(PREFIX + namesAndNamespaces[i] + "-namespace", namesAndNamespaces[i + 2]);
    }
    storageClass("secretive", "Immediate", parameters);
  }

  private PersistentVolumeClaim secretiveClaim() {
    return create(
        claim("data")
            .editMetadata()
            .addToAnnotations("team/key", "red")
            .endMetadata()
            .editSpec()
            .withStorageClassName("secretive")
            .endSpec());
  }

  @Test
  void theProvisionerSecretGoesWithCreateVolumeAndLaterWithDeleteVolume() {
    secret("vault", "make-team-a", "s3cret");
    secretiveClass("provisioner-secret", "make-${pvc.namespace}", "vault");
    start();
    var claim = secretiveClaim();

    var volume = awaitVolumeOf(claim);

    assertThat(driver.creates.getFirst().getSecretsMap()).isEqualTo(Map.of("key", "s3cret"));
    assertThat(driver.creates.getFirst().getParametersMap()).isEmpty();
    assertThat(volume.getMetadata().getAnnotations())
        .containsEntry("volume.kubernetes.io/provisioner-deletion-secret-name", "make-team-a")
        .containsEntry("volume.kubernetes.io/provisioner-deletion-secret-namespace", "vault");
    client.storage().v1().storageClasses().withName("secretive").delete();
    client
        .resource(volume)
        .edit(object -> {
          object.setStatus(new PersistentVolumeStatusBuilder().withPhase("Released").build());
          return object;
        });
    eventually(() -> assertThat(driver.deletes).hasSize(1));
    assertThat(driver.deleteSecrets).isEqualTo(Map.of("key", "s3cret"));
  }

  @Test
  void eachKindOfCallHasItsSecretAndTheDefaultServesTheRest() {
    secret("vault", "common", "x");
    secretiveClass(
        "secret",
        "common",
        "vault",
        "node-stage-secret",
        "stage-${pvc.name}",
        "${pvc.namespace}",
        "node-publish-secret",
        "${pvc.annotations['team/key']}",
        "vault",
        "controller-expand-secret",
        "${pv.name}",
        "vault");
    start();
    var claim = secretiveClaim();

    var csi = awaitVolumeOf(claim).getSpec().getCsi();

    var common = new SecretReference("common", "vault");
    assertThat(csi.getNodeStageSecretRef()).isEqualTo(new SecretReference("stage-data", "team-a"));
    assertThat(csi.getNodePublishSecretRef()).isEqualTo(new SecretReference("red", "vault"));
    assertThat(csi.getControllerExpandSecretRef())
        .isEqualTo(new SecretReference(volumeName(claim), "vault"));
    assertThat(csi.getControllerPublishSecretRef()).isEqualTo(common);
    assertThat(csi.getNodeExpandSecretRef()).isEqualTo(common);
    assertThat(Objects.requireNonNull(volumeOf(claim)).getMetadata().getAnnotations())
        .containsEntry("volume.kubernetes.io/controller-modify-secret-name", "common")
        .containsEntry("volume.kubernetes.io/controller-modify-secret-namespace", "vault");
  }

  @Test
  void aClassWithoutSecretsNamesNoneAnywhere() {
    start();
    var volume = awaitVolumeOf(create(claim("data")));

    assertThat(volume.getSpec().getCsi().getNodeStageSecretRef()).isNull();
    assertThat(volume.getMetadata().getAnnotations())
        .containsEntry("volume.kubernetes.io/provisioner-deletion-secret-name", "")
        .doesNotContainKey("volume.kubernetes.io/controller-modify-secret-name");
  }

  @Test
  void aSecretThatIsMissingIsNamedAndItsComingHelps() {
    secretiveClass("provisioner-secret", "late", "vault");
    start();
    var claim = secretiveClaim();

    eventually(() ->
        assertThat(eventsAbout("data"))
            .contains(
                "Warning ProvisioningFailed: secret vault/late, which the storage class names,"
                    + " does not exist"));
    assertThat(driver.creates).isEmpty();
    secret("vault", "late", "x");

    assertThat(awaitVolumeOf(claim)).isNotNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "node-${pod.name}|vault|claim team-a/data has nothing for ${pod.name}",
        "${pvc.annotations['none']}|vault|claim team-a/data has nothing for ${pvc.annotations['none']}",
        "key|${pvc.annotations['team/key']}|claim team-a/data has nothing for ${pvc.annotations",
        "key|${pvc.name}|claim team-a/data has nothing for ${pvc.name}",
        "Upper|vault|secret name 'Upper' comes to 'Upper' for claim team-a/data, which is no valid name",
        "key|no.label|secret namespace 'no.label' comes to 'no.label' for claim team-a/data"
      })
  void aTemplateThatComesToNothingIsRefusedBeforeTheDriverIsAsked(
      String name, String namespace, String words) {
    secretiveClass("provisioner-secret", name, namespace);
    start();
    secretiveClaim();

    eventually(() -> assertThat(eventsAbout("data")).singleElement().asString().contains(words));
    assertThat(driver.creates).isEmpty();
    assertThat(finalizers("data")).containsExactly("kubernetes.io/pvc-protection");
  }

  @ParameterizedTest
  @CsvSource({"provisioner-secret-name", "node-stage-secret-namespace", "secret-name"})
  void halfASecretIsRefused(String parameter) {
    storageClass("secretive", "Immediate", Map.of(PREFIX + parameter, "key"));
    start();
    secretiveClaim();

    eventually(() ->
        assertThat(eventsAbout("data"))
            .singleElement()
            .asString()
            .contains("storage class secretive has only one of the parameters", "both or neither"));
  }
}
