package io.csiclone.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.csiproto.CapacityRange;
import io.csiclone.csiproto.CreateVolumeRequest;
import io.csiclone.csiproto.DeleteVolumeRequest;
import io.csiclone.csiproto.Volume;
import io.csiclone.csiproto.VolumeCapability;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;

/** One run of one check: its calls, its volumes, and their removal at the end. */
final class Trial implements AutoCloseable {

  private static final Duration PAUSE = Duration.ofMillis(100);

  final DriverClient client;
  final VolumeCapability capability;
  private final VolumeOpener opener;
  private final ConformanceSuite.Settings settings;
  private final Collection<String> made = Collections.synchronizedCollection(new ArrayList<>());

  /** Requests that may have made a volume whose id was not told. */
  private final Map<String, CreateVolumeRequest> unanswered =
      Collections.synchronizedMap(new LinkedHashMap<>());

  Trial(
      DriverClient client,
      VolumeOpener opener,
      ConformanceSuite.Settings settings,
      VolumeCapability capability) {
    this.client = client;
    this.opener = opener;
    this.settings = settings;
    this.capability = capability;
  }

  long size() {
    return settings.volumeBytes();
  }

  long largerSize() {
    return settings.largerBytes();
  }

  static String newName() {
    return "conformance-" + UUID.randomUUID();
  }

  CreateVolumeRequest.Builder empty(String name) {
    return CreateVolumeRequest.newBuilder()
        .setName(name)
        .setCapacityRange(CapacityRange.newBuilder().setRequiredBytes(size()))
        .addVolumeCapabilities(capability)
        .putAllParameters(settings.parameters());
  }

  CreateVolumeRequest.Builder cloneOf(Volume source, String name) {
    return empty(name).setVolumeContentSource(Requests.from(source.getVolumeId()));
  }

  /** One call, which must succeed at once or with patience: ABORTED means to ask again. */
  Volume make(CreateVolumeRequest.Builder request) throws InterruptedException {
    CreateVolumeRequest sent = request.build();
    unanswered.put(sent.getName(), sent);
    Volume volume = patiently(() -> client.controller().createVolume(sent).getVolume());
    assertThat(volume.getVolumeId()).as("volume_id").isNotEmpty();
    made.add(volume.getVolumeId());
    unanswered.remove(sent.getName());
    return volume;
  }

  /** One call with a short deadline; empty when it was not answered with a volume. */
  Optional<Volume> makeWithin(Duration deadline, CreateVolumeRequest.Builder request) {
    CreateVolumeRequest sent = request.build();
    unanswered.put(sent.getName(), sent);
    try {
      Volume volume = client.controller(deadline).createVolume(sent).getVolume();
      made.add(volume.getVolumeId());
      unanswered.remove(sent.getName());
      return Optional.of(volume);
    } catch (StatusRuntimeException e) {
      assertThat(e.getStatus().getCode())
          .as("the answer to a call with a deadline of " + deadline)
          .isIn(Code.DEADLINE_EXCEEDED, Code.ABORTED, Code.CANCELLED);
      return Optional.empty();
    }
  }

  void delete(Volume volume) throws InterruptedException {
    delete(volume.getVolumeId());
  }

  void delete(String volumeId) throws InterruptedException {
    var _ =
        patiently(() ->
            client
                .controller()
                .deleteVolume(DeleteVolumeRequest.newBuilder().setVolumeId(volumeId).build()));
    made.remove(volumeId);
  }

  /** A CreateVolume call that must fail with one of these codes, after any ABORTED. */
  void assertCreateRefused(CreateVolumeRequest.Builder request, Code... codes)
      throws InterruptedException {
    assertRefused(
        () -> {
          Volume volume = client.controller().createVolume(request.build()).getVolume();
          made.add(volume.getVolumeId());
          return volume;
        },
        codes);
  }

  void assertRefused(Callable<?> call, Code... codes) throws InterruptedException {
    try {
      Object answer = patiently(call);
      throw new AssertionError(
          "must be refused with %s, but was answered with%n%s"
              .formatted(Arrays.toString(codes), answer));
    } catch (StatusRuntimeException e) {
      assertThat(e.getStatus().getCode()).as(e.getStatus().getDescription()).isIn(List.of(codes));
    }
  }

  private <T> T patiently(Callable<T> call) throws InterruptedException {
    long end = System.nanoTime() + settings.patience().toNanos();
    while (true) {
      try {
        return call.call();
      } catch (StatusRuntimeException e) {
        Code code = e.getStatus().getCode();
        boolean again = code == Code.ABORTED || code == Code.DEADLINE_EXCEEDED;
        if (!again || System.nanoTime() > end) {
          throw e;
        }
        Thread.sleep(PAUSE);
      } catch (RuntimeException | InterruptedException e) {
        throw e;
      } catch (Exception e) {
        throw new AssertionError(e);
      }
    }
  }

  Volume makeEmpty() throws InterruptedException {
    return make(empty(newName()));
  }

  Content fill(Volume volume, long seed) throws IOException {
    try (OpenVolume open = opener.open(volume, capability)) {
      Content content = new Content(seed, open.usableBytes());
      content.writeTo(open.data());
      return content;
    }
  }

  void assertHolds(Volume volume, Content content) throws IOException {
    try (OpenVolume open = opener.open(volume, capability)) {
      assertThat(Files.exists(open.data())).as(open.data() + " exists").isTrue();
      assertThat(content.differenceIn(open.data()))
          .as("how the bytes of volume %s differ", volume.getVolumeId())
          .isEmpty();
    }
  }

  long seenSize(Volume volume) throws IOException {
    try (OpenVolume open = opener.open(volume, capability)) {
      return open.size();
    }
  }

  @Override
  public void close() throws InterruptedException {
    for (CreateVolumeRequest request : List.copyOf(unanswered.values())) {
      try {
        var _ = make(request.toBuilder());
      } catch (StatusRuntimeException e) {
        // No volume: nothing to delete.
      }
    }
    // Clones before their sources.
    for (String volumeId : List.copyOf(made).reversed()) {
      delete(volumeId);
    }
  }
}
