package io.csiclone.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import com.marcnuri.helm.TemplateCommand;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MatchCondition;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhook;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhook;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.storage.CSIDriver;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the charts render for the Kubernetes versions that are served, and what they refuse. */
class ChartRenderTest {

  private static final Path CHARTS = Path.of("../charts");
  static final String WEBHOOK = "csi-clone-webhook";
  static final String DRIVER = "reflink-driver";
  static final String NAMESPACE = "csi-clone-system";
  static final String NEWEST = "v1.36.0";

  static final List<String> CHART_NAMES = List.of(WEBHOOK, DRIVER);
  static final List<String> SERVERS =
      List.of("v1.20.2", "v1.21.0", "v1.27.9-gke.1", "v1.28.0", "v1.31.4+k3s1", NEWEST);

  @Test
  void everyChartIsTested() throws IOException {
    try (Stream<Path> charts = Files.list(CHARTS)) {
      assertThat(charts.map(chart -> chart.getFileName().toString()))
          .containsExactlyInAnyOrderElementsOf(CHART_NAMES);
    }
  }

  @ParameterizedTest
  @FieldSource("CHART_NAMES")
  void lintFindsNothing(String chart) {
    LintResult result = new Helm(CHARTS.resolve(chart)).lint().strict().call();

    assertThat(result.isFailed()).as(result.getMessages().toString()).isFalse();
  }

  @ParameterizedTest
  @FieldSource("CHART_NAMES")
  void everythingNamespacedIsInTheReleaseNamespaceAndCarriesTheLabels(String chart) {
    List<HasMetadata> objects = render(chart, NEWEST, Map.of());

    assertThat(objects).hasSizeGreaterThan(4);
    assertThat(objects)
        .allSatisfy(object -> {
          assertThat(object.getMetadata().getNamespace())
              .as(object.getKind())
              .isEqualTo(object instanceof Namespaced ? NAMESPACE : null);
          assertThat(object.getMetadata().getLabels())
              .as(object.getKind())
              .containsEntry("app.kubernetes.io/name", chart)
              .containsEntry("app.kubernetes.io/part-of", "csi-clone");
        });
  }

  @ParameterizedTest
  @FieldSource("CHART_NAMES")
  void noRightIsGrantedByWildcardAndNoSecretIsReadableButTheOwn(String chart) {
    List<PolicyRule> rules = rules(render(chart, NEWEST, Map.of()));

    assertThat(rules).isNotEmpty();
    assertThat(rules)
        .allSatisfy(rule -> {
          assertThat(rule.getVerbs()).isNotEmpty().doesNotContain("*");
          assertThat(rule.getResources()).isNotEmpty().doesNotContain("*");
          assertThat(rule.getApiGroups()).isNotEmpty().doesNotContain("*");
        });
    assertThat(rules)
        .filteredOn(rule -> rule.getResources().contains("secrets"))
        .filteredOn(rule -> rule.getResourceNames().isEmpty())
        .allSatisfy(rule -> assertThat(rule.getVerbs()).containsExactly("create"));
  }

  @Test
  void secretsAreNoMatterOfTheCluster() {
    for (String chart : CHART_NAMES) {
      assertThat(all(ClusterRole.class, render(chart, NEWEST, Map.of())))
          .isNotEmpty()
          .flatMap(ClusterRole::getRules)
          .flatMap(PolicyRule::getResources)
          .isNotEmpty()
          .doesNotContain("secrets");
    }
  }

  @Test
  void theWebhookMayPatchItsOwnConfigurationsOnly() {
    assertThat(rules(render(WEBHOOK, NEWEST, Map.of())))
        .filteredOn(rule -> rule.getVerbs().contains("patch"))
        .filteredOn(rule -> !rule.getResources().contains("leases"))
        .singleElement()
        .satisfies(rule -> {
          assertThat(rule.getResourceNames()).containsExactly(WEBHOOK);
          assertThat(rule.getResources())
              .containsExactly("mutatingwebhookconfigurations", "validatingwebhookconfigurations");
        });
  }

  @Test
  void theWebhookOnlyReadsWhatItJudgesBy() {
    for (String resource :
        List.of("persistentvolumeclaims", "persistentvolumes", "storageclasses", "namespaces")) {
      assertThat(rules(render(WEBHOOK, NEWEST, Map.of())))
          .filteredOn(rule -> rule.getResources().contains(resource))
          .as(resource)
          .singleElement()
          .satisfies(rule ->
              assertThat(rule.getVerbs()).containsExactlyInAnyOrder("get", "list", "watch"));
    }
  }

  @Test
  void nodesNamespacesAndPodsAreReadAsSparinglyAsTheyAreUsed() {
    assertThat(verbs(WEBHOOK, "nodes")).containsExactly("get");
    assertThat(verbs(WEBHOOK, "pods")).containsExactly("list");
    assertThat(verbs(DRIVER, "namespaces")).containsExactly("get");
  }

  private static List<String> verbs(String chart, String resource) {
    return rules(render(chart, NEWEST, Map.of())).stream()
        .filter(rule -> rule.getResources().contains(resource))
        .flatMap(rule -> rule.getVerbs().stream())
        .toList();
  }

  @ParameterizedTest
  @FieldSource("SERVERS")
  void hooksAskForNewClaimsOfClonesOnlyWhereTheServerCanTell(String server) {
    List<HasMetadata> objects = render(WEBHOOK, server, Map.of());
    MutatingWebhook mutate =
        one(MutatingWebhookConfiguration.class, objects).getWebhooks().getFirst();
    ValidatingWebhook validate =
        one(ValidatingWebhookConfiguration.class, objects).getWebhooks().getFirst();

    assertThat(mutate.getName()).isEqualTo("mutate.csi-clone.io");
    assertThat(validate.getName()).isEqualTo("validate.csi-clone.io");
    assertThat(mutate.getReinvocationPolicy()).isEqualTo("IfNeeded");
    assertThat(mutate.getClientConfig().getService().getPath()).isEqualTo("/mutate");
    assertThat(validate.getClientConfig().getService().getPath()).isEqualTo("/validate");
    assertThat(mutate.getRules()).isEqualTo(validate.getRules()).hasSize(1);
    assertThat(mutate.getRules().getFirst().getOperations()).containsExactly("CREATE");
    assertThat(mutate.getRules().getFirst().getResources())
        .containsExactly("persistentvolumeclaims");
    assertThat(mutate.getFailurePolicy()).isEqualTo("Fail");
    assertThat(mutate.getTimeoutSeconds()).isEqualTo(5);
    assertThat(mutate.getSideEffects()).isEqualTo("None");
    assertThat(mutate.getAdmissionReviewVersions()).containsExactly("v1");

    assertThat(mutate.getMatchConditions()).isEqualTo(validate.getMatchConditions());
    if (minor(server) >= 28) {
      assertThat(mutate.getMatchConditions())
          .extracting(MatchCondition::getExpression)
          .containsExactly("has(object.spec.dataSource) || has(object.spec.dataSourceRef)");
    } else {
      assertThat(mutate.getMatchConditions()).isEmpty();
    }
  }

  @ParameterizedTest
  @FieldSource("SERVERS")
  void hooksAskForClonesThatGetTheirClassLaterWhereAServerGivesOne(String server) {
    List<HasMetadata> objects = render(WEBHOOK, server, Map.of());
    List<MutatingWebhook> mutating = one(MutatingWebhookConfiguration.class, objects).getWebhooks();
    List<ValidatingWebhook> validating =
        one(ValidatingWebhookConfiguration.class, objects).getWebhooks();

    if (minor(server) < 26) {
      assertThat(mutating).hasSize(1);
      assertThat(validating).hasSize(1);
      return;
    }
    MutatingWebhook mutate = mutating.get(1);
    ValidatingWebhook validate = validating.get(1);
    assertThat(mutate.getName()).isEqualTo("mutate-class.csi-clone.io");
    assertThat(validate.getName()).isEqualTo("validate-class.csi-clone.io");
    assertThat(mutate.getClientConfig().getService().getPath()).isEqualTo("/mutate");
    assertThat(validate.getClientConfig().getService().getPath()).isEqualTo("/validate");
    assertThat(single(mutate.getRules()).getOperations()).containsExactly("UPDATE");
    assertThat(mutate.getRules()).isEqualTo(validate.getRules());
    assertThat(mutate.getNamespaceSelector()).isEqualTo(mutating.getFirst().getNamespaceSelector());
    // All updates of claims pass here before 1.28, and nobody may wait for a webhook that is down.
    assertThat(List.of(mutate.getFailurePolicy(), validate.getFailurePolicy()))
        .containsOnly(minor(server) >= 28 ? "Fail" : "Ignore");
    assertThat(mutate.getMatchConditions()).isEqualTo(validate.getMatchConditions());
    assertThat(mutate.getMatchConditions())
        .extracting(MatchCondition::getExpression)
        .isEqualTo(
            minor(server) < 28
                ? List.of()
                : List.of(
                    "(has(object.spec.dataSource) || has(object.spec.dataSourceRef)) &&"
                        + " has(object.spec.storageClassName) &&"
                        + " !has(oldObject.spec.storageClassName)"));
  }

  @ParameterizedTest
  @FieldSource("SERVERS")
  void namespacesAreExemptWhereTheServerVouchesForTheirNameLabel(String server) {
    LabelSelector selector =
        one(ValidatingWebhookConfiguration.class, render(WEBHOOK, server, Map.of()))
            .getWebhooks()
            .getFirst()
            .getNamespaceSelector();

    if (minor(server) >= 21) {
      assertThat(selector.getMatchExpressions())
          .singleElement()
          .satisfies(expression -> {
            assertThat(expression.getKey()).isEqualTo("kubernetes.io/metadata.name");
            assertThat(expression.getOperator()).isEqualTo("NotIn");
            assertThat(expression.getValues()).containsExactlyInAnyOrder("kube-system", NAMESPACE);
          });
    } else {
      assertThat(selector).isNull();
    }
  }

  @ParameterizedTest
  @FieldSource("SERVERS")
  void theBundleIsLeftToTheWebhookSoThatAnUpgradeKeepsIt(String server) {
    assertThat(renderText(WEBHOOK, server, Map.of()))
        .contains("clientConfig:")
        .doesNotContain("caBundle:");
  }

  @ParameterizedTest
  @FieldSource("SERVERS")
  void theDisruptionBudgetHasTheServersVersion(String server) {
    assertThat(render(WEBHOOK, server, Map.of()))
        .filteredOn(object -> object.getKind().equals("PodDisruptionBudget"))
        .extracting(HasMetadata::getApiVersion)
        .containsExactly(minor(server) >= 21 ? "policy/v1" : "policy/v1beta1");
  }

  @Test
  void aSingleReplicaHasNoDisruptionBudget() {
    assertThat(render(WEBHOOK, NEWEST, Map.of("replicas", 1)))
        .extracting(HasMetadata::getKind)
        .contains("Deployment")
        .doesNotContain("PodDisruptionBudget");
  }

  @Test
  void theWebhookRunsWithoutAnyPrivilege() {
    Deployment deployment = one(Deployment.class, render(WEBHOOK, NEWEST, Map.of()));
    var pod = deployment.getSpec().getTemplate().getSpec();
    Container container = pod.getContainers().getFirst();

    assertThat(deployment.getSpec().getReplicas()).isEqualTo(2);
    assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
    assertThat(pod.getSecurityContext().getRunAsUser()).isEqualTo(65532);
    assertThat(pod.getSecurityContext().getSeccompProfile().getType()).isEqualTo("RuntimeDefault");
    assertThat(container.getSecurityContext().getReadOnlyRootFilesystem()).isTrue();
    assertThat(container.getSecurityContext().getAllowPrivilegeEscalation()).isFalse();
    assertThat(container.getSecurityContext().getCapabilities().getDrop()).containsExactly("ALL");
    assertThat(pod.getVolumes()).allSatisfy(volume -> assertThat(volume.getHostPath()).isNull());
    assertThat(container.getResources().getRequests()).containsKeys("cpu", "memory");
    assertThat(container.getResources().getLimits()).containsKey("memory");
    assertThat(container.getReadinessProbe().getHttpGet().getPath()).isEqualTo("/readyz");
    assertThat(container.getLivenessProbe().getHttpGet().getPath()).isEqualTo("/livez");
    assertThat(container.getArgs())
        .contains(
            "--csi-clone.webhook.dns-names=csi-clone-webhook.csi-clone-system.svc,"
                + "csi-clone-webhook.csi-clone-system.svc.cluster.local",
            "--csi-clone.webhook.configuration-name=csi-clone-webhook");
    assertThat(deployment.getSpec().getTemplate().getMetadata().getLabels())
        .containsAllEntriesOf(deployment.getSpec().getSelector().getMatchLabels());
  }

  @Test
  void replicasAreReplacedOneByOneSpreadOverNodesAndGivenTimeToDrain() {
    var deployment = one(Deployment.class, render(WEBHOOK, NEWEST, Map.of("drainSeconds", 7)));
    var pod = deployment.getSpec().getTemplate().getSpec();

    assertThat(deployment.getSpec().getStrategy().getType()).isEqualTo("RollingUpdate");
    assertThat(deployment.getSpec().getStrategy().getRollingUpdate().getMaxUnavailable())
        .isEqualTo(new IntOrString(0));
    assertThat(pod.getTopologySpreadConstraints())
        .singleElement()
        .satisfies(spread -> {
          assertThat(spread.getTopologyKey()).isEqualTo("kubernetes.io/hostname");
          assertThat(spread.getLabelSelector().getMatchLabels())
              .isEqualTo(deployment.getSpec().getSelector().getMatchLabels());
        });
    assertThat(single(pod.getContainers()).getArgs()).contains("--csi-clone.webhook.drain=7s");
    assertThat(pod.getTerminationGracePeriodSeconds()).isEqualTo(7 + 25);
  }

  @ParameterizedTest
  @CsvSource({"5, 2000ms", "30, 2000ms", "3, 1500ms", "1, 500ms"})
  void lookUpsEndWellBeforeTheApiServerGivesUp(int timeout, String patience) {
    var deployment =
        one(Deployment.class, render(WEBHOOK, NEWEST, Map.of("webhook.timeoutSeconds", timeout)));

    assertThat(single(deployment.getSpec().getTemplate().getSpec().getContainers()).getArgs())
        .contains("--csi-clone.webhook.patience=" + patience);
  }

  @Test
  void prometheusIsToldWhereTheMetricsAre() {
    var pod =
        one(Deployment.class, render(WEBHOOK, NEWEST, Map.of("podAnnotations.mine", "kept")))
            .getSpec()
            .getTemplate();

    assertThat(pod.getMetadata().getAnnotations())
        .containsEntry("prometheus.io/scrape", "true")
        .containsEntry("prometheus.io/path", "/metrics")
        .containsEntry("mine", "kept");
    assertThat(single(pod.getSpec().getContainers()).getPorts())
        .extracting(port -> port.getContainerPort().toString())
        .contains(pod.getMetadata().getAnnotations().get("prometheus.io/port"));
    assertThat(
            one(
                    Deployment.class,
                    render(WEBHOOK, NEWEST, Map.of("metrics.scrapeAnnotations", false)))
                .getSpec()
                .getTemplate()
                .getMetadata()
                .getAnnotations())
        .isNullOrEmpty();
  }

  @Test
  void theModesOfRestrictionsReachTheWebhook() {
    Container container =
        one(
                Deployment.class,
                render(
                    WEBHOOK,
                    NEWEST,
                    Map.of(
                        "policy.classPolicy", "same-driver",
                        "policy.unknownClassOrigin", "compare",
                        "policy.modes.SourceInUse", "deny",
                        "policy.modes.FsTypeMismatch", "off")))
            .getSpec()
            .getTemplate()
            .getSpec()
            .getContainers()
            .getFirst();

    assertThat(container.getArgs())
        .contains(
            "--csi-clone.webhook.class-policy=same-driver",
            "--csi-clone.webhook.unknown-class-origin=compare",
            "--csi-clone.webhook.fail-mode=deny",
            "--csi-clone.webhook.modes.SourceInUse=deny",
            "--csi-clone.webhook.modes.FsTypeMismatch=off");
  }

  @Test
  void whatIsKnownOfDriversReachesTheWebhook() {
    var values =
        Map.<String, Object>of(
            "policy.drivers.plain", true, "policy.drivers.disk\\.example\\.com", false);
    var container =
        one(Deployment.class, render(WEBHOOK, NEWEST, values))
            .getSpec()
            .getTemplate()
            .getSpec()
            .getContainers()
            .getFirst();

    assertThat(container.getArgs())
        .contains(
            "--csi-clone.webhook.drivers[plain]=true",
            "--csi-clone.webhook.drivers[disk.example.com]=false");
  }

  @Test
  void theDriverLeavesClaimsToSidecarsIfToldSo() {
    List<HasMetadata> objects = render(DRIVER, NEWEST, Map.of("provisioner", "external"));
    var pod = one(DaemonSet.class, objects).getSpec().getTemplate().getSpec();

    assertThat(single(pod.getContainers()).getArgs())
        .contains("--provisioner=external")
        .doesNotContain("--provisioner=embedded");
  }

  @Test
  void theDriverIsOneContainerThatMountsIntoTheNode() {
    List<HasMetadata> objects = render(DRIVER, NEWEST, Map.of());
    var pod = one(DaemonSet.class, objects).getSpec().getTemplate().getSpec();

    assertThat(pod.getInitContainers()).isEmpty();
    Container container = single(pod.getContainers());
    assertThat(container.getSecurityContext().getPrivileged()).isTrue();
    assertThat(container.getArgs())
        .containsExactly(
            "--endpoint=unix:///var/lib/kubelet/plugins/reflink.csi-clone.io/csi.sock",
            "--pool=/var/lib/csi-clone/pool",
            "--node-id=$(NODE_NAME)",
            "--in-cluster",
            "--provisioner=embedded",
            "--capacity-namespace=csi-clone-system",
            "--capacity-owner=$(POD_NAME)/$(POD_UID)",
            "--registration-dir=/var/lib/kubelet/plugins_registry",
            "--kubelet-dir=/var/lib/kubelet",
            "--health-port=9808",
            "--copies=4",
            "--copies-per-source=2",
            "--sweep-minutes=60");
    assertThat(container.getVolumeMounts())
        .filteredOn(mount -> "Bidirectional".equals(mount.getMountPropagation()))
        .extracting(VolumeMount::getMountPath)
        .containsExactly("/var/lib/kubelet");
    assertThat(pod.getVolumes())
        .extracting(Volume::getName)
        .containsExactlyInAnyOrderElementsOf(
            container.getVolumeMounts().stream().map(VolumeMount::getName).toList());
    assertThat(pod.getServiceAccountName())
        .isEqualTo(one(ServiceAccount.class, objects).getMetadata().getName());
  }

  @ParameterizedTest
  @FieldSource("SERVERS")
  void whetherTheDriverClonesIsLeftToTheDriverToSay(String server) {
    CSIDriver driver = one(CSIDriver.class, render(DRIVER, server, Map.of()));

    assertThat(driver.getMetadata().getName()).isEqualTo("reflink.csi-clone.io");
    assertThat(driver.getMetadata().getAnnotations()).isNullOrEmpty();
    assertThat(rules(render(DRIVER, server, Map.of())))
        .filteredOn(rule -> rule.getResources().contains("csidrivers"))
        .filteredOn(rule -> rule.getVerbs().contains("patch"))
        .singleElement()
        .satisfies(
            rule -> assertThat(rule.getResourceNames()).containsExactly("reflink.csi-clone.io"));
    assertThat(driver.getSpec().getAttachRequired()).isFalse();
    assertThat(driver.getSpec().getPodInfoOnMount()).isFalse();
    assertThat(driver.getSpec().getVolumeLifecycleModes()).containsExactly("Persistent");
  }

  @ParameterizedTest
  @CsvSource({
    "v1.36.0, true, embedded, true",
    "v1.21.0, true, embedded, true",
    "v1.20.2, true, embedded, false",
    "v1.36.0, false, embedded, false",
    "v1.36.0, true, external, false"
  })
  void theSchedulerHeedsRoomWhereTheDriverTellsItAndNowhereElse(
      String server, boolean wanted, String provisioner, boolean told) {
    List<HasMetadata> objects =
        render(DRIVER, server, Map.of("storageCapacity", wanted, "provisioner", provisioner));

    // Where it heeds what nobody tells, no pod with such a volume would start.
    assertThat(one(CSIDriver.class, objects).getSpec().getStorageCapacity())
        .isEqualTo(told ? true : null);
    var container =
        single(one(DaemonSet.class, objects).getSpec().getTemplate().getSpec().getContainers());
    assertThat(container.getArgs().contains("--capacity-namespace=" + NAMESPACE)).isEqualTo(told);
    assertThat(container.getEnv().stream().anyMatch(one -> one.getName().equals("POD_UID")))
        .isEqualTo(told);
    assertThat(
            rules(objects).stream()
                .anyMatch(r -> r.getResources().contains("csistoragecapacities")))
        .isEqualTo(told);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void clonesAcrossNamespacesAndTheRightToReadGrantsComeTogether(boolean wanted) {
    List<HasMetadata> objects = render(DRIVER, NEWEST, Map.of("crossNamespaceClones", wanted));

    var container =
        single(one(DaemonSet.class, objects).getSpec().getTemplate().getSpec().getContainers());
    assertThat(container.getArgs().contains("--cross-namespace-clones")).isEqualTo(wanted);
    assertThat(rules(objects).stream().anyMatch(r -> r.getResources().contains("referencegrants")))
        .isEqualTo(wanted);
  }

  @Test
  void theStorageClassIsThereUnlessNotWanted() {
    StorageClass made = one(StorageClass.class, render(DRIVER, NEWEST, Map.of()));
    assertThat(made.getMetadata().getName()).isEqualTo("csi-cloning");
    assertThat(made.getMetadata().getAnnotations()).isNullOrEmpty();
    assertThat(made.getProvisioner()).isEqualTo("reflink.csi-clone.io");
    assertThat(made.getVolumeBindingMode()).isEqualTo("Immediate");
    assertThat(made.getReclaimPolicy()).isEqualTo("Delete");
    assertThat(made.getParameters()).isNullOrEmpty();

    StorageClass other =
        one(
            StorageClass.class,
            render(
                DRIVER,
                NEWEST,
                Map.of(
                    "storageClass.isDefault",
                    true,
                    "storageClass.fsType",
                    "xfs",
                    "storageClass.consistency",
                    "require-unused",
                    "storageClass.allocation",
                    "thick",
                    "storageClass.volumeBindingMode",
                    "WaitForFirstConsumer")));
    assertThat(other.getMetadata().getAnnotations())
        .containsEntry("storageclass.kubernetes.io/is-default-class", "true");
    assertThat(other.getParameters())
        .containsOnly(
            Map.entry("csi.storage.k8s.io/fstype", "xfs"),
            Map.entry("csi-clone.io/consistency", "require-unused"),
            Map.entry("csi-clone.io/allocation", "thick"));
    assertThat(other.getVolumeBindingMode()).isEqualTo("WaitForFirstConsumer");

    assertThat(
            all(StorageClass.class, render(DRIVER, NEWEST, Map.of("storageClass.create", false))))
        .isEmpty();
  }

  @Test
  void aPoolInAnImageFileIsPreparedBeforeTheDriverStarts() {
    var pod =
        one(
                DaemonSet.class,
                render(
                    DRIVER,
                    NEWEST,
                    Map.of(
                        "pool.path", "/srv/pool",
                        "pool.loopback.enabled", true,
                        "pool.loopback.size", "6G")))
            .getSpec()
            .getTemplate()
            .getSpec();
    Container prepare = single(pod.getInitContainers());

    assertThat(prepare.getCommand()).hasSize(3).last().asString().contains("mkfs.xfs");
    assertThat(prepare.getEnv())
        .extracting(variable -> variable.getName() + "=" + variable.getValue())
        .containsExactly("POOL=/srv/pool", "SIZE=6G");
    assertThat(prepare.getVolumeMounts())
        .filteredOn(mount -> "Bidirectional".equals(mount.getMountPropagation()))
        .extracting(VolumeMount::getMountPath)
        .containsExactly("/srv");
  }

  @ParameterizedTest
  @CsvSource({
    "csi-clone-webhook, replicas, 0",
    "csi-clone-webhook, webhook.failurePolicy, Ingore",
    "csi-clone-webhook, webhook.timeoutSeconds, 31",
    "csi-clone-webhook, policy.modes.SourceInUse, maybe",
    "csi-clone-webhook, policy.classPolicy, any",
    "csi-clone-webhook, policy.unknownClassOrigin, guess",
    "csi-clone-webhook, certificate.secretName, Not_A_Name",
    "csi-clone-webhook, certificate.mode, manual",
    "csi-clone-webhook, certificate.overlap, soon",
    "csi-clone-webhook, certificate.caBundle, nonsense",
    "csi-clone-webhook, certificate.issuerRef.kind, ClusterIssuer",
    "csi-clone-webhook, clientCertificate.caConfigMap, Not_A_Name",
    "csi-clone-webhook, clientCertificate.names[0], kube-apiserver",
    "csi-clone-webhook, image.pullPolicy, Sometimes",
    "csi-clone-webhook, drainSeconds, -1",
    "csi-clone-webhook, metrics.scrapeAnnotations, 3",
    "csi-clone-webhook, policy.drivers.disk, perhaps",
    "csi-clone-webhook, replica, 3",
    "reflink-driver, pool.path, relative/path",
    "reflink-driver, pool.path, /pool",
    "reflink-driver, pool.path, /var/../etc",
    "reflink-driver, pool.loopback.size, 10",
    "reflink-driver, pool.loopback.size, 299M",
    "reflink-driver, kubeletDir, /var/lib/kubelet/",
    "reflink-driver, storageClass.volumeBindingMode, Later",
    "reflink-driver, storageClass.fsType, zfs",
    "reflink-driver, storageClass.consistency, frozen",
    "reflink-driver, storageClass.allocation, fat",
    "reflink-driver, healthPort, 70000",
    "reflink-driver, copies.perPool, 0",
    "reflink-driver, copies.perSource, many",
    "reflink-driver, sweepMinutes, 0",
    "reflink-driver, storageCapacity, some",
    "reflink-driver, crossNamespaceClones, some",
    "reflink-driver, storageclass.create, true"
  })
  void aWrongValueIsRefusedByItsName(String chart, String value, String wrong) {
    assertThatThrownBy(() -> renderText(chart, NEWEST, Map.of(value, wrong)))
        .hasMessageContaining("schema")
        .hasMessageContaining(value.split("\\.", -1)[0]);
  }

  @ParameterizedTest
  @ValueSource(strings = {"v1.19.16", "v1.16.0"})
  void serversThatAreTooOldAreRefused(String server) {
    assertThatThrownBy(() -> renderText(WEBHOOK, server, Map.of())).hasMessageContaining("1.20");
    assertThatThrownBy(() -> renderText(DRIVER, server, Map.of())).hasMessageContaining("1.20");
  }

  static int minor(String server) {
    return Integer.parseInt(server.split("\\.", -1)[1]);
  }

  static List<PolicyRule> rules(List<HasMetadata> objects) {
    return Stream.concat(
            all(ClusterRole.class, objects).stream().map(ClusterRole::getRules),
            all(Role.class, objects).stream().map(Role::getRules))
        .flatMap(List::stream)
        .toList();
  }

  static <T> T one(Class<T> type, List<HasMetadata> objects) {
    return single(all(type, objects));
  }

  static <T> T single(List<T> list) {
    assertThat(list).hasSize(1);
    return list.getFirst();
  }

  static <T> List<T> all(Class<T> type, List<HasMetadata> objects) {
    return objects.stream().filter(type::isInstance).map(type::cast).toList();
  }

  static List<HasMetadata> render(String chart, String server, Map<String, Object> values) {
    byte[] yaml = renderText(chart, server, values).getBytes(StandardCharsets.UTF_8);
    try (KubernetesClient client =
        new KubernetesClientBuilder().withConfig(Config.empty()).build()) {
      return client.load(new ByteArrayInputStream(yaml)).items();
    }
  }

  static String renderText(String chart, String server, Map<String, Object> values) {
    TemplateCommand command =
        new Helm(CHARTS.resolve(chart))
            .template()
            .withName(chart)
            .withNamespace(NAMESPACE)
            .withKubeVersion(server);
    values.forEach(command::set);
    return command.call();
  }
}
