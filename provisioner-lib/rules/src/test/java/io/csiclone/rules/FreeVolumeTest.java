package io.csiclone.rules;

import static io.csiclone.rules.Scene.GI;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class FreeVolumeTest {

  private static final Set<String> RWO = Set.of("ReadWriteOnce");

  private static FreeVolumeFacts free(
      String className, long bytes, VolumeMode mode, Set<String> modes, @Nullable String claim) {
    return new FreeVolumeFacts("pv-7", className, bytes, mode, modes, claim);
  }

  private static List<Finding> warnings(Consumer<Scene> change) {
    var scene = new Scene();
    scene.freeVolume = free("fast", GI, VolumeMode.FILESYSTEM, RWO, null);
    change.accept(scene);
    return CloneRules.judge(scene.facts(), RulePolicy.defaults()).warnings();
  }

  @Test
  void aFreeVolumeThatWouldBeBoundIsNamed() {
    assertThat(warnings(scene -> {}))
        .singleElement()
        .satisfies(finding -> {
          assertThat(finding.code()).isEqualTo(RuleCode.FREE_VOLUME_WOULD_BIND);
          assertThat(finding.message()).contains("claim team-a/copy", "pv-7").endsWith(".");
        });
  }

  @Test
  void aLargerVolumeWithMoreAccessModesWouldBeBoundToo() {
    assertThat(
            warnings(scene ->
                scene.freeVolume =
                    free(
                        "fast",
                        5 * GI,
                        VolumeMode.FILESYSTEM,
                        Set.of("ReadWriteOnce", "ReadOnlyMany"),
                        null)))
        .hasSize(1);
  }

  @Test
  void aVolumeThatDoesNotMatchIsNoMatter() {
    for (var other :
        List.of(
            free("slow", GI, VolumeMode.FILESYSTEM, RWO, null),
            free("fast", GI - 1, VolumeMode.FILESYSTEM, RWO, null),
            free("fast", GI, VolumeMode.BLOCK, RWO, null),
            free("fast", GI, VolumeMode.FILESYSTEM, Set.of("ReadOnlyMany"), null),
            free("fast", GI, VolumeMode.FILESYSTEM, RWO, "team-a/other"),
            free("fast", GI, VolumeMode.FILESYSTEM, RWO, "team-b/copy"))) {
      assertThat(warnings(scene -> scene.freeVolume = other)).as(other.toString()).isEmpty();
    }
  }

  @Test
  void aVolumeReservedForTheCloneIsBoundWhateverItsClass() {
    var reserved = free("slow", GI, VolumeMode.FILESYSTEM, RWO, "team-a/copy");
    assertThat(warnings(scene -> scene.freeVolume = reserved))
        .singleElement()
        .extracting(Finding::message)
        .asString()
        .contains("reserved for it");
    assertThat(
            warnings(scene -> {
              scene.freeVolume = reserved;
              scene.name = "";
            }))
        .isEmpty();
  }

  @Test
  void aCloneThatPicksItsVolumeIsToldOfThatAlone() {
    assertThat(warnings(scene -> scene.selector = true)).isEmpty();
    assertThat(warnings(scene -> scene.wantedVolume = "pv-7")).isEmpty();
  }
}
