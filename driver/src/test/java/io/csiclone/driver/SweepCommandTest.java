package io.csiclone.driver;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.copy.CopyEngine;
import io.csiclone.csi.CsiServer;
import io.csiclone.csi.DriverIdentity;
import io.csiclone.csiproto.ControllerGrpc;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code sweep --pool DIR}: what it says, what it removes, and what it never touches. */
class SweepCommandTest {

  @TempDir private Path folder;
  private Path stranger;

  @BeforeEach
  void emptyPool() throws IOException {
    Pool.open(folder).close();
    stranger = folder.resolve("volumes/vol-1.img");
  }

  private record Said(int code, String out, String err) {}

  private Said sweep(String... more) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    List<String> words = new ArrayList<>(List.of("--pool", folder.toString()));
    words.addAll(List.of(more));
    int code =
        ReflinkDriver.commandLine(new SweepCommand())
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(err, true))
            .execute(words.toArray(String[]::new));
    return new Said(code, out.toString(), err.toString());
  }

  @Test
  void aPoolThatAgreesWithItsRecordsIsFine() {
    assertThat(sweep()).isEqualTo(new Said(0, "pool and records agree\n", ""));
  }

  @Test
  void whatNoRecordExplainsIsToldAndNeverRemoved() throws IOException {
    Files.writeString(stranger, "somebody's");

    Said said = sweep("--remove");

    assertThat(said.code()).isEqualTo(1);
    assertThat(said.out())
        .isEqualTo("no record: file %s; left alone\n".formatted(stranger.toRealPath()));
    assertThat(stranger).hasContent("somebody's");
  }

  @Test
  void whatARecordSaysIsToGoIsToldFirstAndRemovedWhenAsked() throws IOException {
    String id = deletedHalfway();

    Said told = sweep();
    assertThat(told.code()).isEqualTo(1);
    assertThat(told.out())
        .isEqualTo("to go: %s, its record says so; --remove removes it\n".formatted(id));
    assertThat(folder.resolve("volumes/" + id + ".img")).exists();

    Said swept = sweep("--remove");
    assertThat(swept.code()).isZero();
    assertThat(swept.out()).startsWith("removed: " + id);
    assertThat(folder.resolve("volumes")).isEmptyDirectory();
  }

  @Test
  void aRecordWhoseVolumeIsGoneIsTold() throws IOException {
    String id = made();
    Files.delete(folder.resolve("volumes/" + id + ".img"));

    Said said = sweep("--remove");

    assertThat(said.code()).isEqualTo(1);
    assertThat(said.out())
        .isEqualTo("missing: %s is on record, but not in the pool\n".formatted(id));
  }

  @Test
  void aPoolThatADriverHasIsNotTouched() throws IOException {
    try (Pool _ = Pool.open(folder)) {
      Said said = sweep();

      assertThat(said.code()).isEqualTo(2);
      assertThat(said.err()).contains("is in use by another driver process");
    }
  }

  /** A volume, made as the driver makes it. */
  private String made() throws IOException {
    try (Pool pool = Pool.open(folder);
        CopyEngine engine = CopyEngine.start();
        CsiServer server = server(pool, engine);
        UnixSockets.Client client = UnixSockets.Client.to(server.socket())) {
      return ControllerGrpc.newBlockingStub(client.channel())
          .createVolume(CsiCalls.create("pvc-1", 16 << 20, null))
          .getVolume()
          .getVolumeId();
    }
  }

  private CsiServer server(Pool pool, CopyEngine engine) {
    LoopDevices loops = new LoopDevices();
    VolumeLocks locks = new VolumeLocks();
    CopiedSources sources = new CopiedSources(pool, loops, locks);
    return CsiServer.builder()
        .identity(new DriverIdentity("test.example.com", "1", "node-1"))
        .volumes(new PoolVolumeBackend(pool, loops, locks, sources, engine, false))
        .copyEngine(engine)
        .records(pool.records())
        .socket(folder.resolve("csi.sock"))
        .start();
  }

  private String deletedHalfway() throws IOException {
    String id = made();
    Path record = folder.resolve("records").resolve(id + ".volume");
    Files.writeString(record, Files.readString(record).replace("state=READY", "state=DELETING"));
    return id;
  }
}
