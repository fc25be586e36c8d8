package io.csiclone.demo;

import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfigurationBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.RuleWithOperations;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.RuleWithOperationsBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhookConfigurationBuilder;
import io.fabric8.kubernetes.api.model.storage.CSIDriver;
import io.fabric8.kubernetes.api.model.storage.CSIDriverBuilder;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.fabric8.kubernetes.api.model.storage.StorageClassBuilder;

/** The objects of the demo. */
final class Manifests {

  static final String DRIVER = "reflink.csi-clone.io";
  static final String CLASS = "csi-cloning";
  static final String WEBHOOK = "csi-clone-webhook";

  private Manifests() {}

  static StorageClass storageClass(String name, String provisioner) {
    return new StorageClassBuilder()
        .withNewMetadata()
        .withName(name)
        .endMetadata()
        .withProvisioner(provisioner)
        .build();
  }

  static StorageClass defaultClass(String name, String provisioner) {
    return new StorageClassBuilder(storageClass(name, provisioner))
        .editMetadata()
        .addToAnnotations("storageclass.kubernetes.io/is-default-class", "true")
        .endMetadata()
        .build();
  }

  static CSIDriver driver(String name) {
    return new CSIDriverBuilder()
        .withNewMetadata()
        .withName(name)
        .endMetadata()
        .withNewSpec()
        .withAttachRequired(false)
        .endSpec()
        .build();
  }

  static CSIDriver driverThatCannotClone(String name) {
    return new CSIDriverBuilder(driver(name))
        .editMetadata()
        .addToAnnotations("csi-clone.io/clone-volume", "false")
        .endMetadata()
        .build();
  }

  static PersistentVolumeClaimBuilder claim(String name, String size) {
    return new PersistentVolumeClaimBuilder()
        .withNewMetadata()
        .withName(name)
        .withNamespace(Api.NAMESPACE)
        .endMetadata()
        .withNewSpec()
        .withAccessModes("ReadWriteOnce")
        .withStorageClassName(CLASS)
        .withNewResources()
        .addToRequests("storage", new Quantity(size))
        .endResources()
        .endSpec();
  }

  static PersistentVolumeClaimBuilder clone(String name, String source, String size) {
    return claim(name, size)
        .editSpec()
        .withNewDataSource()
        .withKind("PersistentVolumeClaim")
        .withName(source)
        .endDataSource()
        .endSpec();
  }

  /** A volume an administrator prepared for the claim of the same name; its kind is still open. */
  static PersistentVolumeBuilder volume(String name, String className, String size) {
    return new PersistentVolumeBuilder()
        .withNewMetadata()
        .withName(name)
        .endMetadata()
        .withNewSpec()
        .withStorageClassName(className)
        .addToCapacity("storage", new Quantity(size))
        .withAccessModes("ReadWriteOnce")
        .withPersistentVolumeReclaimPolicy("Retain")
        .withNewClaimRef()
        .withKind("PersistentVolumeClaim")
        .withNamespace(Api.NAMESPACE)
        .withName(name)
        .endClaimRef()
        .endSpec();
  }

  static MutatingWebhookConfiguration mutating(int port) {
    return new MutatingWebhookConfigurationBuilder()
        .withNewMetadata()
        .withName(WEBHOOK)
        .endMetadata()
        .addNewWebhook()
        .withName("mutate.csi-clone.io")
        .withAdmissionReviewVersions("v1")
        .withSideEffects("None")
        .withNewClientConfig()
        .withUrl("https://127.0.0.1:" + port + "/mutate")
        .endClientConfig()
        .withRules(newClaims())
        .endWebhook()
        .build();
  }

  static ValidatingWebhookConfiguration validating(int port) {
    return new ValidatingWebhookConfigurationBuilder()
        .withNewMetadata()
        .withName(WEBHOOK)
        .endMetadata()
        .addNewWebhook()
        .withName("validate.csi-clone.io")
        .withAdmissionReviewVersions("v1")
        .withSideEffects("None")
        .withNewClientConfig()
        .withUrl("https://127.0.0.1:" + port + "/validate")
        .endClientConfig()
        .withRules(newClaims())
        .endWebhook()
        .build();
  }

  private static RuleWithOperations newClaims() {
    return new RuleWithOperationsBuilder()
        .withOperations("CREATE")
        .withApiGroups("")
        .withApiVersions("v1")
        .withResources("persistentvolumeclaims")
        .withScope("Namespaced")
        .build();
  }
}
