package io.csiclone.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The driver chart's pool in an image file, made on this machine. */
@Tag("native")
class PoolImageTest {

  private static final Path SCRIPT =
      Path.of("../charts/reflink-driver/files/prepare-pool.sh").toAbsolutePath().normalize();

  @TempDir Path folder;

  @BeforeEach
  void onlyAsRoot() throws Exception {
    assumeTrue(Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "needs root");
    assumeTrue(Files.isExecutable(Path.of("/usr/sbin/mkfs.xfs")), "needs xfsprogs");
  }

  @Test
  void aNewPoolSharesExtents() throws Exception {
    String said =
        inOwnMounts(
            """
            sh "$SCRIPT"
            stat -f -c %T "$POOL"
            head -c 100000 /dev/urandom > "$POOL/a"
            cp --reflink=always "$POOL/a" "$POOL/b" && cmp "$POOL/a" "$POOL/b" && echo shared
            """);

    assertThat(said.lines())
        .containsExactly(
            "made %s.img of 400M".formatted(pool()),
            "mounted %1$s.img on %1$s".formatted(pool()),
            "xfs",
            "shared");
  }

  @Test
  void aMountedPoolIsLeftAloneAndAnUnmountedOneKeepsItsFiles() throws Exception {
    String said =
        inOwnMounts(
            """
            sh "$SCRIPT" >/dev/null
            echo bytes > "$POOL/file"
            sh "$SCRIPT"
            umount "$POOL"
            sh "$SCRIPT"
            cat "$POOL/file"
            """);

    assertThat(said.lines())
        .containsExactly(
            "%s is mounted already".formatted(pool()),
            "mounted %1$s.img on %1$s".formatted(pool()),
            "bytes");
  }

  @Test
  void noLoopDeviceStaysWhenThePoolIsUnmountedOrCannotBeMounted() throws Exception {
    String said =
        inOwnMounts(
            """
            sh "$SCRIPT" >/dev/null
            losetup -n -O NAME -j "$POOL.img" | wc -l
            umount "$POOL"
            i=0; while [ $i -lt 50 ] && [ -n "$(losetup -j "$POOL.img")" ]; do sleep 0.1; i=$((i + 1)); done
            losetup -j "$POOL.img" | wc -l
            head -c 1048576 /dev/zero | dd of="$POOL.img" conv=notrunc status=none
            sh "$SCRIPT" 2>&1 | tail -n 1
            losetup -j "$POOL.img" | wc -l
            """);

    assertThat(said.lines())
        .containsExactly("1", "0", "cannot mount %1$s.img on %1$s".formatted(pool()), "0");
  }

  private Path pool() {
    return folder.resolve("pool");
  }

  /** Runs a script whose mounts nobody else sees and which end with it. */
  private String inOwnMounts(String script) throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder("unshare", "--mount", "sh", "-eu", "-c", script);
    builder.environment().put("POOL", pool().toString());
    builder.environment().put("SIZE", "400M");
    builder.environment().put("SCRIPT", SCRIPT.toString());
    Process process =
        builder.redirectErrorStream(true).redirectOutput(folder.resolve("said").toFile()).start();
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    String said = Files.readString(folder.resolve("said"), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
    return said;
  }
}
