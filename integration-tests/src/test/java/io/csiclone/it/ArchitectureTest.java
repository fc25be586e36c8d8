package io.csiclone.it;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.conditions.ArchConditions.onlyDependOnClassesThat;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Who may import whom. The table is the one of the architecture page; what it does not allow is
 * forbidden, so that nothing rots unseen.
 */
class ArchitectureTest {

  /** Each part's root package and, of our own, what it may import. */
  private static final Map<String, List<String>> MAY_IMPORT =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("io.csiclone.rules", List.of()),
              Map.entry("io.csiclone.copy", List.of()),
              Map.entry("io.csiclone.certs", List.of()),
              Map.entry("io.csiclone.csiproto", List.of()),
              Map.entry("io.csiclone.facts", List.of("io.csiclone.rules")),
              Map.entry("io.csiclone.csi", List.of("io.csiclone.csiproto", "io.csiclone.copy")),
              Map.entry(
                  "io.csiclone.provisioner",
                  List.of("io.csiclone.facts", "io.csiclone.rules", "io.csiclone.csiproto")),
              Map.entry(
                  "io.csiclone.testkit",
                  List.of(
                      "io.csiclone.csi",
                      // The conformance suite speaks to sockets with the generated stubs.
                      "io.csiclone.csiproto",
                      "io.csiclone.rules")),
              Map.entry(
                  "io.csiclone.webhook",
                  List.of("io.csiclone.facts", "io.csiclone.rules", "io.csiclone.certs")),
              Map.entry(
                  "io.csiclone.driver",
                  List.of(
                      "io.csiclone.csi",
                      // Reaches its own socket as a client of the generated stubs.
                      "io.csiclone.csiproto",
                      "io.csiclone.copy",
                      "io.csiclone.provisioner")),
              // integration-tests: starts the parts as processes, so that it needs none of them.
              Map.entry("io.csiclone.demo", List.of("io.csiclone.testkit")),
              Map.entry("io.csiclone.cluster", List.of())));

  private static final String FORBIDDEN = "io.csiclone.it.forbidden";

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.csiclone");

  @Test
  void everyPartIsLookedAtAndNoPackageIsOutsideTheTable() {
    for (String part : MAY_IMPORT.keySet()) {
      assertThat(CLASSES.stream().filter(c -> belongsTo(c, part)))
          .as("classes found of %s", part)
          .isNotEmpty();
    }
    assertThat(CLASSES.stream().filter(c -> partOf(c).isEmpty()).map(JavaClass::getName))
        .as("classes of no known part")
        .isEmpty();
  }

  @TestFactory
  Stream<DynamicTest> eachPartImportsOnlyWhatTheTableAllows() {
    return MAY_IMPORT.entrySet().stream()
        .map(entry ->
            DynamicTest.dynamicTest(
                entry.getKey(),
                () -> importsOnly(entry.getKey(), entry.getValue()).check(CLASSES)));
  }

  @Test
  void nothingImportsTheWebhookTheDriverOrTheIntegrationTests() {
    for (String end : List.of("webhook", "driver", "demo", "cluster", "it")) {
      String name = "io.csiclone." + end;
      noClasses()
          .that(not(resideInAnyPackage(name + "..")))
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(name + "..")
          .check(CLASSES);
    }
  }

  @Test
  void theLibrariesForDriverAuthorsSeeNeitherSpringNorAKubernetesClient() {
    noClasses()
        .that()
        .resideInAnyPackage(
            "io.csiclone.csi..",
            "io.csiclone.csiproto..",
            "io.csiclone.copy..",
            "io.csiclone.rules..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.springframework..", "io.fabric8..")
        .check(CLASSES);
  }

  @Test
  void onlyTheWebhookSeesSpring() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.csiclone.webhook..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.springframework..")
        .check(CLASSES);
  }

  @Test
  void rulesAndTheCopyEngineNeedNothingButTheJdk() {
    onlyJdk("io.csiclone.rules").check(CLASSES);
    onlyJdk("io.csiclone.copy", "com.dynatrace.hash4j..").check(CLASSES);
  }

  @Test
  void onlyOnePackageCallsNativeFunctions() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.csiclone.copy.internal.linux")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("java.lang.foreign..")
        .check(CLASSES);
  }

  @Test
  void nobodyImportsTheJsonBindingOfJackson2() {
    withoutJackson2().check(CLASSES);
  }

  @Test
  void internalPackagesAreImportedByTheirOwnPartOnly() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.csiclone.copy..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.csiclone.copy.internal..")
        .check(CLASSES);
  }

  @Test
  void everyHandWrittenPackageIsNullMarked() {
    List<JavaPackage> packages =
        CLASSES.stream()
            .filter(c -> !belongsTo(c, "io.csiclone.csiproto")) // generated
            .map(JavaClass::getPackage)
            .distinct()
            .toList();
    assertThat(packages).hasSizeGreaterThanOrEqualTo(MAY_IMPORT.size() - 1);
    assertThat(packages)
        .allSatisfy(p ->
            assertThat(p.isAnnotatedWith(NullMarked.class))
                .as("package-info of %s has @NullMarked", p.getName())
                .isTrue());
  }

  @Test
  void theRulesDoFailOnAForbiddenImport() {
    JavaClasses forbidden = new ClassFileImporter().importPackages(FORBIDDEN);

    assertThat(forbidden).isNotEmpty();
    assertThatThrownBy(() -> importsOnly(FORBIDDEN, List.of("io.csiclone.csi")).check(forbidden))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("io.csiclone.rules.RuleCode");
    importsOnly(FORBIDDEN, List.of("io.csiclone.rules")).check(forbidden);
    assertThatThrownBy(() -> onlyJdk(FORBIDDEN).check(forbidden))
        .isInstanceOf(AssertionError.class);
    assertThatThrownBy(() -> withoutForeign().check(forbidden)).isInstanceOf(AssertionError.class);
  }

  private static ArchRule importsOnly(String part, List<String> allowed) {
    String[] ours =
        Stream.concat(Stream.of(part), allowed.stream()).map(p -> p + "..").toArray(String[]::new);
    return classes()
        .that()
        .resideInAPackage(part + "..")
        .should(
            onlyDependOnClassesThat(
                not(resideInAnyPackage("io.csiclone..")).or(resideInAnyPackage(ours))))
        .as("%s imports of ours only %s".formatted(part, Arrays.toString(ours)))
        .because("docs/architecture.md says who may import whom");
  }

  private static ArchRule onlyJdk(String part, String... besides) {
    Stream<String> always = Stream.of(part + "..", "java..", "org.jspecify..", "org.slf4j..");
    return classes()
        .that()
        .resideInAPackage(part + "..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(Stream.concat(always, Arrays.stream(besides)).toArray(String[]::new));
  }

  private static ArchRule withoutForeign() {
    return noClasses().should().dependOnClassesThat().resideInAPackage("java.lang.foreign..");
  }

  private static ArchRule withoutJackson2() {
    // Its annotations are shared by Jackson 2 and 3.
    return noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("com.fasterxml.jackson.databind..", "com.fasterxml.jackson.core..");
  }

  private static boolean belongsTo(JavaClass c, String part) {
    String name = c.getPackageName();
    return name.equals(part) || name.startsWith(part + ".");
  }

  private static String partOf(JavaClass c) {
    return MAY_IMPORT.keySet().stream()
        .filter(part -> belongsTo(c, part))
        .max(Comparator.comparing(String::length))
        .orElse("");
  }
}
