package io.csiclone.it;

import static org.awaitility.Awaitility.await;

import io.csiclone.cluster.NodeCluster.KubectlAnswer;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.apps.StatefulSetBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The ways in which claims get into a cluster. */
enum ClaimWriter {
  KUBECTL_CREATE {
    @Override
    Written write(TestNamespace namespace, PersistentVolumeClaim claim) {
      return kubectl(namespace, claim, "create");
    }
  },
  KUBECTL_APPLY {
    @Override
    Written write(TestNamespace namespace, PersistentVolumeClaim claim) {
      return kubectl(namespace, claim, "apply");
    }
  },
  KUBECTL_APPLY_SERVER_SIDE {
    @Override
    Written write(TestNamespace namespace, PersistentVolumeClaim claim) {
      return kubectl(namespace, claim, "apply", "--server-side");
    }
  },
  /** A controller that applies what a repository holds, on the server. */
  GITOPS_SERVER_SIDE {
    @Override
    Written write(TestNamespace namespace, PersistentVolumeClaim claim) {
      var name = claim.getMetadata().getName();
      try {
        namespace
            .cluster()
            .client()
            .resource(claim)
            .inNamespace(namespace.name())
            .fieldManager("gitops-controller")
            .forceConflicts()
            .serverSideApply();
        return new Written(name, true, "");
      } catch (KubernetesClientException e) {
        return new Written(name, false, String.valueOf(e.getMessage()));
      }
    }
  },
  /** A controller that applies the way kubectl did before the server could. */
  GITOPS_CLIENT_SIDE {
    @Override
    Written write(TestNamespace namespace, PersistentVolumeClaim claim) {
      var client = namespace.cluster().client();
      var applied =
          new PersistentVolumeClaimBuilder(claim)
              .editMetadata()
              .addToAnnotations(
                  "kubectl.kubernetes.io/last-applied-configuration",
                  client.getKubernetesSerialization().asJson(claim))
              .endMetadata()
              .build();
      var answer = namespace.tryCreate(applied, "gitops-controller");
      return new Written(
          claim.getMetadata().getName(), answer.created(), answer.body() + answer.warnings());
    }
  },
  STATEFUL_SET {
    @Override
    Written write(TestNamespace namespace, PersistentVolumeClaim claim) {
      var client = namespace.cluster().client();
      var name = claim.getMetadata().getName();
      var labels = Map.of("app", name);
      var set =
          new StatefulSetBuilder()
              .withNewMetadata()
              .withName(name)
              .endMetadata()
              .withNewSpec()
              .withServiceName(name)
              .withReplicas(1)
              .withSelector(new LabelSelectorBuilder().withMatchLabels(labels).build())
              .withNewTemplate()
              .withNewMetadata()
              .withLabels(labels)
              .endMetadata()
              .withNewSpec()
              .withTerminationGracePeriodSeconds(0L)
              // The claim is what matters; its pod needs no node.
              .withNodeSelector(Map.of("no-such-node", "true"))
              .addNewContainer()
              .withName("main")
              .withImage("csi-clone/busybox:dev")
              .withImagePullPolicy("Never")
              .endContainer()
              .endSpec()
              .endTemplate()
              .withVolumeClaimTemplates(
                  new PersistentVolumeClaimBuilder(claim)
                      .editMetadata()
                      .withName("data")
                      .endMetadata()
                      .build())
              .endSpec()
              .build();
      client.resource(set).inNamespace(namespace.name()).create();
      String made = "data-" + name + "-0";
      return await("the StatefulSet's claim " + made)
          .atMost(Duration.ofSeconds(60))
          .until(
              () -> made(namespace, made).or(() -> refused(namespace, name, made)),
              Optional::isPresent)
          .orElseThrow();
    }

    private Optional<Written> made(TestNamespace namespace, String claim) {
      var claims = namespace.cluster().client().persistentVolumeClaims();
      return Optional.ofNullable(claims.inNamespace(namespace.name()).withName(claim).get())
          .map(_ -> new Written(claim, true, ""));
    }

    private Optional<Written> refused(TestNamespace namespace, String set, String claim) {
      return namespace
          .cluster()
          .client()
          .v1()
          .events()
          .inNamespace(namespace.name())
          .list()
          .getItems()
          .stream()
          .filter(event -> event.getInvolvedObject().getName().equals(set))
          .filter(event -> "FailedCreate".equals(event.getReason()))
          .map(Event::getMessage)
          .map(message -> new Written(claim, false, message))
          .findFirst();
    }
  };

  /**
   * What came of it.
   *
   * @param claim the name of the claim
   * @param said what the writer was told: of a refusal always, of warnings if it is kubectl
   */
  record Written(String claim, boolean accepted, String said) {}

  /** Writes a claim that has no namespace yet into this one. */
  abstract Written write(TestNamespace namespace, PersistentVolumeClaim claim);

  /** As part of names. */
  String id() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  static Written kubectl(TestNamespace namespace, PersistentVolumeClaim claim, String... command) {
    var cluster = namespace.cluster();
    var arguments = new String[command.length + 5];
    System.arraycopy(command, 0, arguments, 0, command.length);
    System.arraycopy(
        // Its own check of fields would keep from the server what the server is asked about here.
        new String[] {"--validate=false", "-n", namespace.name(), "-f", "-"},
        0,
        arguments,
        command.length,
        5);
    KubectlAnswer answer =
        cluster.kubectl(cluster.client().getKubernetesSerialization().asJson(claim), arguments);
    return new Written(
        claim.getMetadata().getName(), answer.succeeded(), answer.out() + answer.err());
  }
}
