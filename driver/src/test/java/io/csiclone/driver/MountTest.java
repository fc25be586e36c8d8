package io.csiclone.driver;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class MountTest {

  @Test
  void aLineIsTakenApart() {
    Mount mount =
        Mount.parse(
                "43 27 7:0 /sub /mnt/pool rw,relatime shared:21 master:3 - xfs /dev/loop0 rw,noquota")
            .orElseThrow();

    assertThat(mount)
        .isEqualTo(
            new Mount(
                "7:0",
                "/sub",
                Path.of("/mnt/pool"),
                List.of("rw", "relatime"),
                List.of("shared:21", "master:3"),
                "xfs",
                "/dev/loop0",
                List.of("rw", "noquota")));
    assertThat(mount.shared()).isTrue();
    assertThat(mount.readOnly()).isFalse();
  }

  @Test
  void aFilesystemThatWentReadOnlyUnderAWritableMountIsSeen() {
    String line = "43 27 7:0 / /mnt %s shared:21 - ext4 /dev/loop0 %s,errors=remount-ro";
    assertThat(Mount.parse(line.formatted("rw", "ro")).orElseThrow().wentReadOnly()).isTrue();
    assertThat(Mount.parse(line.formatted("rw", "rw")).orElseThrow().wentReadOnly()).isFalse();
    assertThat(Mount.parse(line.formatted("ro", "ro")).orElseThrow().wentReadOnly()).isFalse();
  }

  @Test
  void blanksAndBackslashesInPathsComeOutOfTheirOctalForm() {
    Mount mount =
        Mount.parse("1 2 7:1 / /mnt/a\\040b\\011c\\134d ro - ext4 /dev/my\\040disk rw")
            .orElseThrow();

    assertThat(mount.point()).isEqualTo(Path.of("/mnt/a b\tc\\d"));
    assertThat(mount.source()).isEqualTo("/dev/my disk");
    assertThat(mount.readOnly()).isTrue();
  }

  @Test
  void bytesBeyondAsciiSurvive() {
    assertThat(Mount.parse("1 2 7:1 / /mnt/größe\\040x rw - ext4 none rw").orElseThrow().point())
        .isEqualTo(Path.of("/mnt/größe x"));
  }

  @Test
  void anOctalFormThatIsCutShortIsTakenAsItIs() {
    assertThat(Mount.parse("1 2 7:1 / /mnt/x\\04 rw - ext4 none rw").orElseThrow().point())
        .isEqualTo(Path.of("/mnt/x\\04"));
  }

  @Test
  void aMountWithoutOptionalFieldsIsPrivate() {
    assertThat(Mount.parse("1 2 7:1 / /mnt rw - ext4 none rw").orElseThrow().shared()).isFalse();
  }

  @Test
  void linesOfAnotherFormAreSkipped() {
    assertThat(MountTable.parse(List.of("", "nonsense", "1 2 3 - x", "1 2 7:1 / / rw - t s o")))
        .extracting(table -> table.mounts().size())
        .isEqualTo(1);
  }

  @Test
  void theTopmostOfStackedMountsIsTheOneThatCounts() {
    MountTable table =
        MountTable.parse(
            List.of("1 0 7:1 / /mnt rw - ext4 below rw", "2 1 7:2 / /mnt rw - ext4 above rw"));

    assertThat(table.at(Path.of("/mnt")).orElseThrow().source()).isEqualTo("above");
    assertThat(table.at(Path.of("/mnt/deeper"))).isEmpty();
    assertThat(table.holding(Path.of("/mnt/deeper")).orElseThrow().source()).isEqualTo("above");
  }

  @Test
  void aDeviceIsFoundWhereItIsMountedAlsoWhenTheFilesystemHasNumbersOfItsOwn() {
    MountTable table =
        MountTable.parse(
            List.of(
                "1 0 7:3 / /a rw - ext4 /dev/loop3 rw",
                "2 0 0:55 / /b rw - btrfs /dev/loop3 rw",
                "3 0 7:4 / /c rw - ext4 /dev/loop4 rw"));

    assertThat(table.of(new LoopDevice(3, "7:3")))
        .extracting(Mount::point)
        .containsExactly(Path.of("/a"), Path.of("/b"));
  }

  @Test
  void theKernelsOwnTableIsUnderstoodWhole() throws Exception {
    List<String> lines = Files.readAllLines(Path.of("/proc/self/mountinfo"));

    assertThat(MountTable.read().mounts()).hasSameSizeAs(lines);
  }
}
