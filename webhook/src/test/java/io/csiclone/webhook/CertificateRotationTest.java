package io.csiclone.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.SecretBuilder;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/** Two replicas whose certificates are replaced, again and again, while they are called. */
class CertificateRotationTest {

  private static final Duration LAG = Duration.ofMillis(500);
  private static final String[] SETTINGS = {
    "--csi-clone.webhook.patience=20s",
    "--csi-clone.webhook.certificate.overlap=1500ms",
    // However slow the machine, a failure here is one of certificates.
    "--server.connection-timeout=60s"
  };

  @Test
  void noCallFailsDuringFiveRotations() {
    var clock = new SettableClock();
    try (var cluster = new Cluster()) {
      cluster.hasConfigurations();
      try (var one = new RunningWebhook(cluster.client, clock, SETTINGS);
          var other = new RunningWebhook(cluster.client, clock, SETTINGS)) {
        eventually(
            "both replicas ready",
            () -> one.probe("/readyz") == 200 && other.probe("/readyz") == 200);
        eventually("a CA published", () -> !cluster.publishedPem().isEmpty());
        var replicas = List.of(one, other);
        try (var caller =
            new LaggingCaller(cluster, replicas, LAG, new Review().withClass("fast").json())) {
          caller.start(100);
          // Else the first certificate could be gone before anybody has called.
          eachShows(caller, replicas, 1);

          annotate(cluster, "csi-clone.io/rotate", "serving");
          eachShows(caller, replicas, 2);

          replacesTheAuthority(cluster, () -> annotate(cluster, "csi-clone.io/rotate", "ca"));
          eachShows(caller, replicas, 3);

          replacesTheAuthority(cluster, cluster::dropCertificate);
          eachShows(caller, replicas, 4);

          clock.ahead = Duration.ofDays(300);
          // The Secret is looked at every minute; a change brings that forward.
          annotate(cluster, "looked-at", "now");
          eachShows(caller, replicas, 5);

          replacesTheAuthority(cluster, () -> cluster.store(Map.of("ca.key", "half a k")));
          eachShows(caller, replicas, 6);

          caller.close();
          System.out.printf("%d calls, %d failed%n", caller.made(), caller.failures.size());
          assertThat(caller.failures).isEmpty();
          assertThat(caller.made()).as("calls made").isGreaterThan(200);
          assertThat(replicas)
              .allSatisfy(each ->
                  assertThat(caller.certificatesOf(each)).as("certificates shown").isEqualTo(6));
        }
      }
    }
  }

  /** Until each replica has been seen with so many different certificates. */
  private static void eachShows(
      LaggingCaller caller, List<RunningWebhook> replicas, int certificates) {
    eventually(
        "certificates shown by each replica: " + certificates,
        () -> replicas.stream().allMatch(each -> caller.certificatesOf(each) == certificates));
  }

  /** Until another CA alone is trusted. */
  private static void replacesTheAuthority(Cluster cluster, Runnable rotation) {
    var before = cluster.publishedPem();
    rotation.run();
    eventually(
        "another CA, and only that, trusted",
        () -> {
          var now = cluster.publishedPem();
          return certificates(now) == 1 && !now.equals(before);
        });
  }

  private static int certificates(String pem) {
    return pem.split("BEGIN CERTIFICATE", -1).length - 1;
  }

  private static void annotate(Cluster cluster, String key, String value) {
    cluster
        .secret()
        .edit(secret ->
            new SecretBuilder(secret)
                .editMetadata()
                .addToAnnotations(key, value)
                .endMetadata()
                .build());
  }

  private static void eventually(String what, BooleanSupplier condition) {
    await(what).atMost(Duration.ofSeconds(60)).until(condition::getAsBoolean);
  }
}
