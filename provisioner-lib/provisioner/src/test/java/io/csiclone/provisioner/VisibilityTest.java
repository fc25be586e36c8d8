package io.csiclone.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.provisioner.VolumeProgress.Copying;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.grpc.Status;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the owners of claims and the makers of dashboards see. */
class VisibilityTest extends ProvisionerTestBed {

  private static final long GIB = 1L << 30;

  @Test
  void theOwnerSeesHowFarTheCopyIsAndWhenItIsDoneNoMore() {
    boundClaim("origin");
    driver.createAnswer = Status.ABORTED;
    start(
        driver,
        builder ->
            builder.progress(name ->
                Optional.of(new Copying(2 * GIB, 5 * GIB, Optional.of(Duration.ofSeconds(170))))));
    var copy = create(clone("copy", "origin"));

    eventually(() ->
        assertThat(eventsAbout("copy"))
            .containsExactly(
                "Normal Cloning: copying claim team-a/origin: 40 %, 2.0 GiB of 5.0 GiB, about"
                    + " 3 min left"));
    eventually(() ->
        assertThat(get("copy").getMetadata().getAnnotations())
            .containsEntry("csi-clone.io/progress", "40%"));

    driver.createAnswer = null;
    awaitVolumeOf(copy);
    eventually(() ->
        assertThat(get("copy").getMetadata().getAnnotations())
            .doesNotContainKey("csi-clone.io/progress"));
    assertThat(finalizers("copy")).doesNotContain(Names.MAKING);
  }

  @Test
  void howeverFastACopyGoesItsClaimIsNotWrittenToAtEveryStep() {
    boundClaim("origin");
    driver.createAnswer = Status.ABORTED;
    var percent = new AtomicInteger();
    start(
        driver,
        builder ->
            builder.progress(name ->
                Optional.of(new Copying(percent.incrementAndGet(), 100, Optional.empty()))));
    create(clone("copy", "origin"));

    // Ten seconds are between two writes; the polls of the driver begin with tenths of one.
    eventually(() -> assertThat(driver.creates).hasSizeGreaterThan(4));

    assertThat(percent).hasValueGreaterThan(3);
    assertThat(get("copy").getMetadata().getAnnotations())
        .containsEntry("csi-clone.io/progress", "1%");
    assertThat(eventsAbout("copy")).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0|0|-1|0 %, 0 bytes of 0 bytes",
        "1023|4096|5|24 %, 1023 bytes of 4.0 KiB, about 5 s left",
        "1048576|2097152|0|50 %, 1.0 MiB of 2.0 MiB, about 1 s left",
        "5|4|3600|100 %, 5 bytes of 4 bytes, about 60 min left",
        "1|3|86400|33 %, 1 bytes of 3 bytes, about 24 h left"
      })
  void amountsReadAsPeopleSayThem(long done, long toDo, long seconds, String words) {
    var left = seconds < 0 ? Optional.<Duration>empty() : Optional.of(Duration.ofSeconds(seconds));

    assertThat(Announcer.amount(new Copying(done, toDo, left))).isEqualTo(words);
  }

  @Test
  void volumesMadeFailuresAndCallsAreCountedUnderTheNamesDashboardsKnow() {
    var meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    boundClaim("origin");
    boundClaim("old");
    release("old-volume");
    driver.nextCreates.add(Status.INTERNAL);
    driver.nextDeletes.add(Status.FAILED_PRECONDITION);
    start(driver, builder -> builder.meters(meters));

    awaitVolumeOf(create(clone("copy", "origin")));

    String clone = "{class=\"csi-cloning\",source=\"PersistentVolumeClaim\"";
    String volume = "{class=\"csi-cloning\"";
    String call =
        "{driver_name=\"scripted.example.com\",grpc_status_code=\"%s\",method_name=\"%s\"";
    String createVolume = "/csi.v1.Controller/CreateVolume";
    String deleteVolume = "/csi.v1.Controller/DeleteVolume";
    eventually(() ->
        assertThat(meters.scrape().lines())
            .contains(
                "controller_persistentvolumeclaim_provision_total" + clone + "} 1.0",
                "controller_persistentvolumeclaim_provision_failed_total" + clone + "} 1.0",
                "controller_persistentvolumeclaim_provision_duration_seconds_count" + clone + "} 1",
                "controller_persistentvolumeclaim_provision_duration_seconds_bucket"
                    + clone
                    + ",le=\"3600.0\"} 1",
                "controller_persistentvolume_delete_total" + volume + "} 1.0",
                "controller_persistentvolume_delete_failed_total" + volume + "} 1.0",
                "controller_persistentvolume_delete_duration_seconds_count" + volume + "} 1",
                "csi_sidecar_operations_seconds_count" + call.formatted("OK", createVolume) + "} 1",
                "csi_sidecar_operations_seconds_count"
                    + call.formatted("Internal", createVolume)
                    + "} 1",
                "csi_sidecar_operations_seconds_count"
                    + call.formatted("FailedPrecondition", deleteVolume)
                    + "} 1",
                "csi_clone_events_dropped_total{driver_name=\"scripted.example.com\"} 0.0",
                "workqueue_depth{name=\"claims\"} 0.0")
            .anyMatch(line -> line.startsWith("workqueue_adds_total{name=\"claims\"} "))
            .anyMatch(line -> line.startsWith("workqueue_retries_total{name=\"volumes\"} "))
            .anyMatch(line -> line.startsWith("workqueue_queue_duration_seconds_bucket{name="))
            .anyMatch(line -> line.startsWith("workqueue_work_duration_seconds_bucket{name=")));
  }

  /** As kube-controller-manager does when a claim is gone. */
  private void release(String volume) {
    client
        .persistentVolumes()
        .withName(volume)
        .edit(object -> {
          object.getStatus().setPhase("Released");
          return object;
        });
  }

  @ParameterizedTest
  @CsvSource({
    "OK,OK",
    "CANCELLED,Canceled",
    "DEADLINE_EXCEEDED,DeadlineExceeded",
    "RESOURCE_EXHAUSTED,ResourceExhausted",
    "UNKNOWN,Unknown"
  })
  void codesAreSpelledAsTheSidecarsSpellThem(Status.Code code, String label) {
    var meters = new SimpleMeterRegistry();
    new ProvisionerMetrics(meters, "d").called("Controller/CreateVolume", code, Duration.ZERO);

    assertThat(meters.get("csi.sidecar.operations").tag("grpc_status_code", label).timer().count())
        .isEqualTo(1);
  }

  @Test
  void theTimeFromCreationToBoundIsMeasuredWhoeverMadeTheClaimWaitAndWithHours() {
    var meters = new SimpleMeterRegistry();
    boundClaim("origin");
    start(driver, builder -> builder.meters(meters));

    bind(create(claim("data")));
    bind(create(clone("copy", "origin")));

    for (String source : List.of("", "PersistentVolumeClaim")) {
      eventually(() -> {
        var timer =
            meters.get("csi.clone.claim.bound").tags("class", CLASS, "source", source).timer();
        assertThat(timer.count()).isEqualTo(1);
        assertThat(timer.takeSnapshot().histogramCounts())
            .extracting(bucket -> Duration.ofNanos((long) bucket.bucket()))
            .contains(Duration.ofHours(1), Duration.ofHours(8));
      });
    }
  }

  @Test
  void aCloneOfHoursIsAmongThoseOfHoursHoweverShortItsLastAttemptWas() {
    var meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    Instant created = Instant.parse("2026-01-02T03:04:05Z");
    var clone =
        clone("copy", "origin")
            .editMetadata()
            .withCreationTimestamp(created.toString())
            .endMetadata()
            .build();

    new ProvisionerMetrics(meters, ScriptedDriver.NAME)
        .bound(clone, created.plus(Duration.ofMinutes(150)));

    String buckets =
        "csi_clone_claim_bound_seconds_bucket{class=\"csi-cloning\",source=\"PersistentVolumeClaim\",le=";
    assertThat(meters.scrape().lines())
        .contains(buckets + "\"7200.0\"} 0", buckets + "\"14400.0\"} 1");
  }

  /** As kube-controller-manager does. */
  private void bind(PersistentVolumeClaim claim) {
    awaitVolumeOf(claim);
    eventually(() ->
        client
            .resource(get(claim.getMetadata().getName()))
            .edit(object -> {
              object.getSpec().setVolumeName(volumeName(claim));
              object.getStatus().setPhase("Bound");
              return object;
            }));
  }
}
