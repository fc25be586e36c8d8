package io.csiclone.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.provisioner.VolumeProgress.Copying;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.grpc.Status;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.Optional;
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
    var meters = new SimpleMeterRegistry();
    boundClaim("origin");
    driver.nextCreates.add(Status.INTERNAL);
    start(driver, builder -> builder.meters(meters));

    awaitVolumeOf(create(clone("copy", "origin")));

    eventually(() ->
        assertThat(
                meters
                    .get("controller.persistentvolumeclaim.provision")
                    .tags("class", CLASS, "source", "PersistentVolumeClaim")
                    .counter()
                    .count())
            .isEqualTo(1));
    assertThat(
            meters
                .get("controller.persistentvolumeclaim.provision.failed")
                .tags("class", CLASS, "source", "PersistentVolumeClaim")
                .counter()
                .count())
        .isEqualTo(1);
    assertThat(
            meters
                .get("csi.sidecar.operations")
                .tags(
                    "driver_name",
                    ScriptedDriver.NAME,
                    "method_name",
                    "/csi.v1.Controller/CreateVolume",
                    "grpc_status_code",
                    "INTERNAL")
                .timer()
                .count())
        .isEqualTo(1);
  }

  @Test
  void theTimeFromCreationToBoundIsMeasuredWhoeverMadeTheClaimWaitAndWithHours() {
    var meters = new SimpleMeterRegistry();
    start(driver, builder -> builder.meters(meters));
    var claim = create(claim("data"));
    awaitVolumeOf(claim);

    bind(claim);

    eventually(() -> {
      var timer = meters.get("csi.clone.claim.bound").tags("class", CLASS, "source", "").timer();
      assertThat(timer.count()).isEqualTo(1);
      assertThat(timer.takeSnapshot().histogramCounts())
          .extracting(bucket -> Duration.ofNanos((long) bucket.bucket()))
          .contains(Duration.ofHours(1), Duration.ofHours(8));
    });
  }

  /** As kube-controller-manager does. */
  private void bind(PersistentVolumeClaim claim) {
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
