package io.csiclone.csi;

import static io.csiclone.csi.TestDriver.request;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import io.csiclone.csiproto.ControllerGrpc;
import io.csiclone.csiproto.IdentityGrpc;
import io.csiclone.csiproto.NodeGrpc;
import io.csiclone.csiproto.ProbeRequest;
import io.csiclone.csiproto.Volume;
import io.grpc.CallOptions;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.PrototypeMarshaller;
import io.grpc.ServiceDescriptor;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever a caller sends is answered, with a result or with the code of a refusal. The same seed
 * sends the same requests; the soak run {@code csi-requests} sends more of them.
 */
class AnyRequestTest {

  private static final int REQUESTS = Integer.getInteger("csi.requests", 10_000);
  private static final long SEED = Long.getLong("csi.seed", 20261122);
  private static final int CALLERS = 4;

  /** Codes that tell of a fault of the driver, or of a call that hung. */
  private static final Set<Code> FAULTS =
      EnumSet.of(
          Code.INTERNAL,
          Code.UNKNOWN,
          Code.UNAVAILABLE,
          Code.DEADLINE_EXCEEDED,
          Code.DATA_LOSS,
          Code.CANCELLED);

  @Test
  void everyRequestIsAnsweredAndNoneEscapesThePool(@TempDir Path folder) throws Exception {
    try (TestDriver driver = new TestDriver(folder).answeringWithin(Duration.ofSeconds(5))) {
      driver.start();
      // What fits is small, so that no request is slow for its size alone.
      driver.backend.room = 1 << 20;
      List<String> words = words(driver);

      int before = driver.backend.created.get();
      Map<Code, Integer> answers = new EnumMap<>(Code.class);
      try (var callers = Executors.newFixedThreadPool(CALLERS)) {
        List<Future<Map<Code, Integer>>> running = new ArrayList<>();
        for (int caller = 0; caller < CALLERS; caller++) {
          long seed = SEED + caller;
          running.add(callers.submit(() -> send(driver, seed, words)));
        }
        for (Future<Map<Code, Integer>> each : running) {
          each.get().forEach((code, count) -> answers.merge(code, count, Integer::sum));
        }
      }

      assertThat(answers.values().stream().mapToInt(Integer::intValue).sum())
          .as("answers %s to seed %d", answers, SEED)
          .isEqualTo(REQUESTS / CALLERS * CALLERS);
      assertThat(driver.backend.created.get())
          .as("some requests were good enough to make volumes; the answers were " + answers)
          .isGreaterThan(before);
      System.out.println(REQUESTS + " requests, seed " + SEED + ": " + answers);
      assertThat(driver.identity().probe(ProbeRequest.getDefaultInstance()).getReady().getValue())
          .isTrue();
      assertThat(entries(folder)).containsExactly("csi.sock", "pool", "records");
      assertThat(driver.backend.volumes())
          .allMatch(name -> name.matches("(vol|snap)-[0-9a-f]+\\.img"));
    }
  }

  /** Ids that exist, names, paths and things that are none of these. */
  private static List<String> words(TestDriver driver) throws IOException {
    List<String> words = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Volume volume = driver.filled("volume-" + i, 64 << 10, i);
      words.add(volume.getVolumeId());
      words.add("volume-" + i);
    }
    Volume clone =
        driver.create(
            request("clone", 64 << 10).setVolumeContentSource(TestDriver.from(words.getFirst())));
    words.addAll(
        List.of(
            clone.getVolumeId(),
            VolumeIds.forSnapshotName("volume-0"),
            "/staging",
            "/target",
            "/a/../b",
            "../../../etc/passwd",
            "relative",
            "ext4",
            "-o evil",
            "",
            "topology.test/node",
            "here",
            "x".repeat(129),
            "größe-卷-💾",
            "a\u0000b"));
    return words;
  }

  private static Map<Code, Integer> send(TestDriver driver, long seed, List<String> words) {
    List<MethodDescriptor<?, ?>> methods =
        Stream.of(
                IdentityGrpc.getServiceDescriptor(),
                ControllerGrpc.getServiceDescriptor(),
                NodeGrpc.getServiceDescriptor())
            .map(ServiceDescriptor::getMethods)
            .<MethodDescriptor<?, ?>>flatMap(all -> all.stream())
            .toList();
    RandomRequests requests = new RandomRequests(seed, words);
    Map<Code, Integer> answers = new EnumMap<>(Code.class);
    for (int i = 0; i < REQUESTS / CALLERS; i++) {
      MethodDescriptor<?, ?> method = methods.get(i % methods.size());
      Message request =
          i / methods.size() % 2 == 0 && method.equals(ControllerGrpc.getCreateVolumeMethod())
              ? requests.disturbed(request(requests.word() + i, 64 << 10).build())
              : requests.like(prototype(method));
      answers.merge(answer(driver, method, request), 1, Integer::sum);
    }
    return answers;
  }

  private static Message prototype(MethodDescriptor<?, ?> method) {
    Object prototype =
        ((PrototypeMarshaller<?>) method.getRequestMarshaller()).getMessagePrototype();
    return (Message) Objects.requireNonNull(prototype);
  }

  @SuppressWarnings("unchecked")
  private static Code answer(TestDriver driver, MethodDescriptor<?, ?> method, Message request) {
    try {
      Object _ =
          ClientCalls.blockingUnaryCall(
              driver.channel(),
              (MethodDescriptor<Message, Object>) method,
              CallOptions.DEFAULT.withDeadlineAfter(20, TimeUnit.SECONDS),
              request);
      return Code.OK;
    } catch (StatusRuntimeException e) {
      assertThat(FAULTS)
          .as("the answer %s to %s %s", e.getStatus(), method.getBareMethodName(), request)
          .doesNotContain(e.getStatus().getCode());
      return e.getStatus().getCode();
    }
  }

  private static List<String> entries(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
