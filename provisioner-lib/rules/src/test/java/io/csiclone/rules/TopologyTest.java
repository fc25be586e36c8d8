package io.csiclone.rules;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.rules.NodeAffinity.Requirement;
import io.csiclone.rules.NodeAffinity.Term;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TopologyTest {

  /** Nodes whose label has one of these values. */
  static NodeAffinity in(String label, String... values) {
    return new NodeAffinity(List.of(term(label, "In", values)));
  }

  private static Term term(String label, String operator, String... values) {
    return new Term(List.of(new Requirement(label, operator, List.of(values))), List.of());
  }

  private static NodeFacts node(String name, String zone) {
    return new NodeFacts(name, Map.of("zone", zone));
  }

  private static List<Finding> warnings(Consumer<Scene> change) {
    var scene = new Scene();
    scene.affinity = in("zone", "a", "b");
    change.accept(scene);
    var verdict = CloneRules.judge(scene.facts(), RulePolicy.defaults());
    assertThat(verdict.denials()).isEmpty();
    return verdict.warnings();
  }

  @Test
  void aSelectedNodeThatCannotReachTheSourceIsNamedAndSoAreThoseThatCan() {
    assertThat(warnings(scene -> scene.selectedNode = node("node-3", "c")))
        .singleElement()
        .satisfies(finding -> {
          assertThat(finding.code()).isEqualTo(RuleCode.TOPOLOGY_CONFLICT);
          assertThat(finding.field())
              .isEqualTo("metadata.annotations[volume.kubernetes.io/selected-node]");
          assertThat(finding.message())
              .contains(
                  "claim team-a/copy",
                  "node node-3",
                  "volume pv-1 of source claim team-a/data",
                  "nodes with zone in (a, b)")
              .endsWith(".");
        });
  }

  @Test
  void aSelectedNodeThatReachesTheSourceIsNoMatter() {
    assertThat(warnings(scene -> scene.selectedNode = node("node-1", "a"))).isEmpty();
  }

  @Test
  void aSourceThatIsEverywhereIsNoMatter() {
    assertThat(
            warnings(scene -> {
              scene.affinity = null;
              scene.selectedNode = node("node-3", "c");
              scene.allowedTopologies = List.of(Map.of("zone", Set.of("c")));
            }))
        .isEmpty();
  }

  @Test
  void aClassThatMakesVolumesOnlyWhereTheSourceIsNotIsNamed() {
    assertThat(
            warnings(scene ->
                scene.allowedTopologies =
                    List.of(Map.of("zone", Set.of("d", "c")), Map.of("zone", Set.of("e")))))
        .singleElement()
        .satisfies(finding -> {
          assertThat(finding.code()).isEqualTo(RuleCode.TOPOLOGY_CONFLICT);
          assertThat(finding.field()).isEqualTo("spec.storageClassName");
          assertThat(finding.message())
              .contains(
                  "storage class fast makes volumes with zone in (c, d), or zone in (e) only",
                  "volume pv-1 of source claim team-a/data",
                  "nodes with zone in (a, b)")
              .endsWith(".");
        });
  }

  @Test
  void aClassThatMayMakeVolumesWhereTheSourceIsIsNoMatter() {
    for (var allowed :
        List.of(
            List.of(Map.of("zone", Set.of("b", "c"))),
            List.of(Map.of("zone", Set.of("c")), Map.of("zone", Set.of("a"))),
            List.of(Map.of("rack", Set.of("7"))))) {
      assertThat(warnings(scene -> scene.allowedTopologies = allowed))
          .as(allowed.toString())
          .isEmpty();
    }
  }

  @Test
  void allLabelsOfATopologyHaveToBePossibleTogether() {
    assertThat(
            warnings(scene -> {
              scene.affinity =
                  new NodeAffinity(
                      List.of(
                          new Term(
                              List.of(
                                  new Requirement("zone", "In", List.of("a")),
                                  new Requirement("rack", "In", List.of("1"))),
                              List.of())));
              scene.allowedTopologies = List.of(Map.of("zone", Set.of("a"), "rack", Set.of("2")));
            }))
        .hasSize(1);
  }

  @ParameterizedTest
  @CsvSource({
    "In,'a,b',a,true",
    "In,'a,b',c,false",
    "In,'a,b',,false",
    "NotIn,'a,b',c,true",
    "NotIn,'a,b',a,false",
    "NotIn,'a,b',,true",
    "Exists,'',a,true",
    "Exists,'',,false",
    "DoesNotExist,'',a,false",
    "DoesNotExist,'',,true",
    "Gt,5,6,true",
    "Gt,5,5,false",
    "Gt,5,x,false",
    "Gt,5,,false",
    "Lt,5,4,true",
    "Lt,5,6,false",
    "Near,a,a,false"
  })
  void labelsAreComparedAsTheSchedulerDoes(
      String operator, String values, @Nullable String label, boolean admitted) {
    var affinity = new NodeAffinity(List.of(term("zone", operator, values.split(",", -1))));
    var node = new NodeFacts("node-1", label == null ? Map.of() : Map.of("zone", label));
    assertThat(affinity.admits(node)).isEqualTo(admitted);
  }

  @Test
  void aNodeIsAlsoKnownByItsNameAndNoNodeByNothing() {
    var byName =
        new NodeAffinity(
            List.of(
                new Term(
                    List.of(),
                    List.of(new Requirement("metadata.name", "In", List.of("node-1"))))));
    assertThat(byName.admits(node("node-1", "a"))).isTrue();
    assertThat(byName.admits(node("node-2", "a"))).isFalse();
    var nothing = new NodeAffinity(List.of(new Term(List.of(), List.of())));
    assertThat(nothing.admits(node("node-1", "a"))).isFalse();
    assertThat(nothing.words()).isEqualTo("no node at all");
    assertThat(new NodeAffinity(List.of()).admits(node("node-1", "a"))).isFalse();
  }
}
