package io.csiclone.driver;

import static io.csiclone.driver.TestPool.MIB;
import static io.csiclone.driver.TestPool.mounting;
import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.csi.CsiServer;
import io.csiclone.csi.DriverIdentity;
import io.csiclone.csiproto.ControllerGrpc;
import io.csiclone.csiproto.CreateVolumeRequest;
import io.csiclone.csiproto.DeleteVolumeRequest;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Many clones of one volume at once, and long lines of clones, asked for as a cluster does. */
@Tag("native")
class ManyClonesTest {

  private static final int AT_ONCE = 50;
  private static final int GENERATIONS = 5;

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"xfs", "btrfs", "ext4"})
  void fiftyClonesOfOneVolumeAtOnceAllHoldWhatItHeld(String poolType) throws Exception {
    try (TestPool test = TestPool.on(poolType);
        CsiServer server = serve(test);
        UnixSockets.Client caller = UnixSockets.Client.to(server.socket());
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      String source = create(caller.channel(), "source", null);
      Path files = test.open(source, mounting("ext4"));
      Files.write(files.resolve("data"), bytes(1));
      if (!test.reflinks) {
        test.shut(source); // a pool that copies refuses volumes in use
      }

      List<Callable<String>> calls = new ArrayList<>();
      for (int i = 0; i < AT_ONCE; i++) {
        String name = "clone-" + i;
        calls.add(() -> create(caller.channel(), name, source));
      }
      List<String> clones = new ArrayList<>();
      for (Future<String> clone : threads.invokeAll(calls)) {
        clones.add(clone.get());
      }

      assertThat(clones).doesNotHaveDuplicates();
      for (String clone : clones) {
        assertThat(test.open(clone, mounting("ext4")).resolve("data")).hasBinaryContent(bytes(1));
        test.shut(clone);
        delete(caller.channel(), clone);
      }
      test.shut(source);
      delete(caller.channel(), source);
      assertThat(test.pool.folder().resolve("volumes")).isEmptyDirectory();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"xfs", "btrfs", "ext4"})
  void eachOfFiveGenerationsHoldsWhatItsAncestorsHadWhenTheyWereCloned(String poolType)
      throws Exception {
    try (TestPool test = TestPool.on(poolType);
        CsiServer server = serve(test);
        UnixSockets.Client caller = UnixSockets.Client.to(server.socket())) {
      List<String> line = new ArrayList<>(List.of(create(caller.channel(), "source", null)));
      for (int generation = 1; generation <= GENERATIONS; generation++) {
        String parent = line.getLast();
        write(test, parent, "before" + generation, generation);
        line.add(create(caller.channel(), "generation-" + generation, parent));
        write(test, parent, "after" + generation, generation);
      }

      // The oldest first: a clone needs nothing of its source.
      for (int i = 0; i <= GENERATIONS; i++) {
        Path files = test.open(line.get(i), mounting("ext4"));
        for (int earlier = 1; earlier <= i; earlier++) {
          assertThat(files.resolve("before" + earlier)).hasBinaryContent(bytes(earlier));
          assertThat(files.resolve("after" + earlier)).doesNotExist();
        }
        test.shut(line.get(i));
        delete(caller.channel(), line.get(i));
      }
    }
  }

  private static void write(TestPool test, String volumeId, String name, long seed)
      throws IOException {
    Path files = test.open(volumeId, mounting("ext4"));
    Files.write(files.resolve(name), bytes(seed));
    test.shut(volumeId);
  }

  private CsiServer serve(TestPool test) {
    return CsiServer.builder()
        .identity(new DriverIdentity("reflink.csi-clone.io", "1.0", "node-1"))
        .volumes(test.volumes)
        .node(test.node)
        .copyEngine(test.engine)
        .records(test.pool.records())
        .socket(folder.resolve("csi.sock"))
        .start();
  }

  /** Asks again until the volume is there, as the provisioner does. */
  private static String create(Channel channel, String name, @Nullable String source) {
    CreateVolumeRequest request = CsiCalls.create(name, 64 * MIB, source);
    while (true) {
      try {
        return ControllerGrpc.newBlockingStub(channel)
            .createVolume(request)
            .getVolume()
            .getVolumeId();
      } catch (StatusRuntimeException e) {
        if (e.getStatus().getCode() != Status.Code.ABORTED) {
          throw e;
        }
      }
    }
  }

  private static void delete(Channel channel, String volumeId) {
    var _ =
        ControllerGrpc.newBlockingStub(channel)
            .deleteVolume(DeleteVolumeRequest.newBuilder().setVolumeId(volumeId).build());
  }

  private static byte[] bytes(long seed) {
    byte[] bytes = new byte[(int) (2 * MIB)];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }
}
