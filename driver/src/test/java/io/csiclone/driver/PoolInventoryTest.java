package io.csiclone.driver;

import static io.csiclone.driver.TestPool.block;
import static io.csiclone.driver.TestPool.mounting;
import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.csi.StorageInventory.Kind;
import io.csiclone.csi.StorageInventory.Trace;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the sweep gets to see of a pool and its node. */
@Tag("native")
class PoolInventoryTest {

  @Test
  void filesDevicesAndMountsAreFoundWithTheVolumeTheyBelongTo() throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      var _ = test.create("vol-1", 16, "ext4");
      var _ = test.create("vol-2", 16, "ext4");
      test.open("vol-1", mounting("ext4"));
      test.node.stage("vol-2", test.staging("vol-2"), block(false));
      Path volumes = test.pool.volumes();
      Files.createFile(volumes.resolve("notes.txt"));
      Files.createFile(volumes.resolve("vol-3.formatting"));
      Files.createFile(volumes.resolve(".vol-4.img.new"));
      Files.createFile(volumes.resolve("vol-5.thick"));
      Files.createFile(volumes.resolve(".vol-6.source.new"));

      var traces = test.volumes.traces();

      assertThat(traces)
          .contains(
              new Trace(Kind.FILE, "vol-1", volumes.resolve("vol-1.img").toString()),
              new Trace(Kind.FILE, "vol-2", volumes.resolve("vol-2.img").toString()),
              new Trace(Kind.FILE, "vol-3", volumes.resolve("vol-3.formatting").toString()),
              new Trace(Kind.FILE, "vol-4", volumes.resolve(".vol-4.img.new").toString()),
              new Trace(Kind.FILE, "vol-5", volumes.resolve("vol-5.thick").toString()),
              new Trace(Kind.FILE, "vol-6", volumes.resolve(".vol-6.source.new").toString()),
              new Trace(Kind.FILE, "", volumes.resolve("notes.txt").toString()));
      assertThat(traces)
          .filteredOn(trace -> trace.kind() == Kind.DEVICE)
          .extracting(Trace::volumeId)
          .containsExactlyInAnyOrder("vol-1", "vol-2");
      assertThat(traces)
          .filteredOn(trace -> trace.kind() == Kind.MOUNT)
          .extracting(Trace::where)
          .containsExactlyInAnyOrder(
              test.staging("vol-1") + " from " + volumes.resolve("vol-1.img"),
              test.target("vol-1") + " from " + volumes.resolve("vol-1.img"));
      test.shut("vol-1");
      test.node.unstage("vol-2", test.staging("vol-2"));
    }
  }

  @Test
  void aDeviceOfAnImageThatIsGoneIsFoundToo() throws Exception {
    try (TestPool test = TestPool.on("xfs")) {
      var _ = test.create("vol-1", 16, "ext4");
      LoopDevice device = test.loops.attach(test.pool.image("vol-1"));
      Files.delete(test.pool.image("vol-1"));

      assertThat(test.volumes.traces())
          .containsExactly(
              new Trace(Kind.DEVICE, "vol-1", device + " for " + test.pool.image("vol-1")));
      test.loops.detach(device);
    }
  }
}
