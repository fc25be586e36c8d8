package io.csiclone.copy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pointed at the wrong thing, the engine says what is wrong and changes nothing. */
class RefusedCopyTest {

  private final CopyEngine engine = CopyEngine.start();

  @TempDir private Path folder = Path.of("");
  private Path source = Path.of("");
  private Path target = Path.of("");

  @BeforeEach
  void makeFiles() throws IOException {
    source = Files.writeString(folder.resolve("source"), "the source");
    target = Files.writeString(folder.resolve("target"), "the target, longer");
  }

  @AfterEach
  void bothFilesAreUntouched() throws IOException {
    engine.close();
    assertThat(source).hasContent("the source");
    assertThat(target).hasContent("the target, longer");
  }

  private void assertRefused(Path from, Path to, CopyFailure failure, String... texts) {
    assertThatExceptionOfType(CopyException.class)
        .isThrownBy(() -> engine.copy(from, to, CopyOptions.defaults(), CopyListener.none()))
        .withMessageContainingAll(texts)
        .satisfies(e -> assertThat(e.failure()).isEqualTo(failure));
  }

  @Test
  void whatDoesNotExistIsNotFound() {
    Path missing = folder.resolve("missing");
    assertRefused(missing, target, CopyFailure.NOT_FOUND, "the source " + missing, "ENOENT");
    assertRefused(source, missing, CopyFailure.NOT_FOUND, "the target " + missing, "ENOENT");
    assertRefused(source.resolve("x"), target, CopyFailure.NOT_FOUND, "ENOTDIR");
    assertThat(missing).doesNotExist();
  }

  @Test
  void onlyFilesAndBlockDevicesAreCopied() throws Exception {
    Path pipe = folder.resolve("pipe");
    Command.run("mkfifo", pipe.toString());
    Path terminal = Path.of("/dev/null");
    assertRefused(folder, target, CopyFailure.NOT_FILE_OR_BLOCK_DEVICE, "a directory");
    assertRefused(source, folder, CopyFailure.NOT_FILE_OR_BLOCK_DEVICE, "a directory");
    assertRefused(pipe, target, CopyFailure.NOT_FILE_OR_BLOCK_DEVICE, "a pipe");
    assertRefused(source, pipe, CopyFailure.NOT_FILE_OR_BLOCK_DEVICE, "a pipe");
    assertRefused(terminal, target, CopyFailure.NOT_FILE_OR_BLOCK_DEVICE, "a character device");
    assertRefused(source, terminal, CopyFailure.NOT_FILE_OR_BLOCK_DEVICE, "a character device");
  }

  @Test
  void symbolicLinksAreNotFollowed() throws IOException {
    Path toSource = Files.createSymbolicLink(folder.resolve("to-source"), source);
    Path toTarget = Files.createSymbolicLink(folder.resolve("to-target"), target);
    Path dangling = Files.createSymbolicLink(folder.resolve("dangling"), folder.resolve("none"));
    assertRefused(toSource, target, CopyFailure.SYMBOLIC_LINK, toSource.toString());
    assertRefused(source, toTarget, CopyFailure.SYMBOLIC_LINK, toTarget.toString());
    assertRefused(source, dangling, CopyFailure.SYMBOLIC_LINK, dangling.toString());
    assertThat(folder.resolve("none")).doesNotExist();
  }

  @Test
  void theSourceUnderAnyOfItsNamesIsNoTarget() throws IOException {
    Path hardLink = Files.createLink(folder.resolve("hard-link"), source);
    Path linkedFolder = Files.createSymbolicLink(folder.resolve("here"), folder);
    Path roundabout = linkedFolder.resolve("source");
    assertRefused(source, source, CopyFailure.SAME_AS_SOURCE, source.toString());
    assertRefused(source, hardLink, CopyFailure.SAME_AS_SOURCE, hardLink.toString());
    assertRefused(source, roundabout, CopyFailure.SAME_AS_SOURCE, roundabout.toString());
  }

  @Test
  void aTargetThatIsTooSmallIsRefusedWithBothSizes() {
    assertRefused(target, source, CopyFailure.TARGET_SMALLER, "10 bytes", "the 18 of the source");
  }

  @Test
  void aRunningProgramIsNoTarget() throws Exception {
    Path program = Files.copy(Path.of("/bin/sleep"), folder.resolve("sleep"));
    Process process = new ProcessBuilder(program.toString(), "60").start();
    try {
      assertRefused(source, program, CopyFailure.TARGET_IN_USE, "ETXTBSY");
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  @Test
  void pathsWithAnyCharactersAreNamedAsTheyAre() throws IOException {
    Path odd = folder.resolve("a b\n'%s' $(x)");
    assertRefused(odd, target, CopyFailure.NOT_FOUND, odd.toString());
    Files.writeString(odd, "content", StandardCharsets.UTF_8);
    assertRefused(source, odd, CopyFailure.TARGET_SMALLER, odd.toString());
  }
}
