package io.csiclone.demo;

import io.csiclone.testkit.EmbeddedControlPlane;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.api.model.StatusCause;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/** What a user does with kubectl, and what kubectl would show. */
final class Api {

  static final String NAMESPACE = "default";

  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final Duration POLL = Duration.ofMillis(5);

  /** The server's answer to a create: its code, its warnings and, for a refusal, why. */
  record Answer(int code, List<String> warnings, @Nullable Status refusal) {

    boolean created() {
      return code == 201;
    }

    /** The restriction that was broken, empty when the refusal does not name one. */
    String ruleCode() {
      return refusal == null
              || refusal.getDetails() == null
              || refusal.getDetails().getCauses() == null
          ? ""
          : refusal.getDetails().getCauses().stream()
              .map(StatusCause::getReason)
              .filter(reason -> reason != null)
              .findFirst()
              .orElse("");
    }

    String message() {
      return refusal == null ? "" : String.valueOf(refusal.getMessage());
    }
  }

  private final EmbeddedControlPlane plane;
  private final KubernetesClient client;
  private final HttpClient http;

  Api(EmbeddedControlPlane plane, HttpClient http) {
    this.plane = plane;
    this.client = plane.client();
    this.http = http;
  }

  void create(HasMetadata object) {
    client.resource(object).create();
  }

  /** Creates a claim over plain HTTP: Kubernetes clients hide the warnings. */
  Answer tryCreate(PersistentVolumeClaim claim) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(
                plane.url().resolve("/api/v1/namespaces/default/persistentvolumeclaims"))
            .timeout(PATIENCE)
            .header("Content-Type", "application/json")
            .header("User-Agent", "kubectl/demo")
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    client.getKubernetesSerialization().asJson(claim)))
            .build();
    HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
    List<String> warnings =
        response.headers().allValues("Warning").stream()
            .map(w -> w.replaceFirst("^299 \\S+ \"", "").replaceFirst("\"$", ""))
            .map(w -> w.replace("\\\"", "\""))
            .toList();
    Status refusal =
        response.statusCode() == 201
            ? null
            : client.getKubernetesSerialization().unmarshal(response.body(), Status.class);
    return new Answer(response.statusCode(), warnings, refusal);
  }

  /** Creates a claim that has to be accepted. */
  Answer createClaim(PersistentVolumeClaim claim)
      throws IOException, InterruptedException, Steps.Differs {
    Answer answer = tryCreate(claim);
    Steps.require(
        answer.created(),
        "the claim was refused: %d %s".formatted(answer.code(), answer.message()));
    return answer;
  }

  PersistentVolumeClaim claim(String name) throws Steps.Differs {
    PersistentVolumeClaim claim =
        client.persistentVolumeClaims().inNamespace(NAMESPACE).withName(name).get();
    Steps.require(claim != null, "there is no claim " + name);
    return claim;
  }

  PersistentVolumeClaim awaitBound(String name) throws Exception {
    await(
        "claim " + name + " to be Bound", () -> "Bound".equals(claim(name).getStatus().getPhase()));
    return claim(name);
  }

  /** The handle under which the driver knows the claim's volume. */
  String volumeHandle(String claimName) throws Steps.Differs {
    String volumeName = claim(claimName).getSpec().getVolumeName();
    PersistentVolume volume = client.persistentVolumes().withName(volumeName).get();
    Steps.require(
        volume != null && volume.getSpec().getCsi() != null,
        "the volume %s of claim %s is no CSI volume".formatted(volumeName, claimName));
    return volume.getSpec().getCsi().getVolumeHandle();
  }

  void deleteClaim(String name) {
    client.persistentVolumeClaims().inNamespace(NAMESPACE).withName(name).delete();
  }

  void dropFinalizers(String name) {
    client
        .persistentVolumeClaims()
        .inNamespace(NAMESPACE)
        .withName(name)
        .edit(claim -> {
          claim.getMetadata().setFinalizers(List.of());
          return claim;
        });
  }

  List<PersistentVolumeClaim> claims() {
    return client.persistentVolumeClaims().inAnyNamespace().list().getItems();
  }

  List<PersistentVolume> volumes() {
    return client.persistentVolumes().list().getItems();
  }

  void deleteVolume(String name) {
    client.persistentVolumes().withName(name).delete();
  }

  /** The warning events of a claim, the newest last: what kubectl describe would show. */
  String events(String claimName) {
    return String.join(
        "\n",
        client.v1().events().inNamespace(NAMESPACE).list().getItems().stream()
            .filter(e -> claimName.equals(e.getInvolvedObject().getName()))
            .map(e -> e.getType() + " " + e.getReason() + ": " + e.getMessage())
            .toList());
  }

  static void await(String what, Callable<Boolean> condition) throws Exception {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.call()) {
      Steps.require(
          System.nanoTime() < end,
          "waited %s in vain for %s".formatted(Steps.seconds(PATIENCE), what));
      Thread.sleep(POLL);
    }
  }
}
