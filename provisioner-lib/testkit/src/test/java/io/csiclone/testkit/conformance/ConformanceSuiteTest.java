package io.csiclone.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The suite passes a right driver and catches each wrong one. */
class ConformanceSuiteTest {

  private static final long MIB = 1L << 20;

  @TempDir private Path folder;

  @Test
  void aRightDriverPasses() throws IOException {
    try (TinyDriver driver = new TinyDriver(folder, null)) {
      ConformanceSuite suite = suite(driver).mount("ext4").build();

      assertThat(suite.failures(check -> true)).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  void eachFaultIsCaughtByTheChecksThatShould(Fault fault) throws IOException {
    try (TinyDriver driver = new TinyDriver(folder, fault)) {
      Map<String, Throwable> failures =
          suite(driver).build().failures(check -> fault.caughtBy().contains(check.statement()));

      assertThat(failures.keySet()).containsExactlyInAnyOrderElementsOf(fault.caughtBy());
    }
  }

  @Test
  void theReportTellsEachStatementAndWhyOneFailedOrWasNotChecked() throws IOException {
    Path report = folder.resolve("report.md");
    try (TinyDriver driver = new TinyDriver(folder, Fault.COPIES_NOTHING)) {
      var _ =
          ConformanceSuite.forSocket(driver.socket())
              .openWith(VolumeOpener.paths(driver::file))
              .sizes(2 * MIB, 4 * MIB)
              .block()
              .reportTo(report)
              .build()
              .failures(check ->
                  Set.of(
                          "a clone holds the bytes of its source",
                          "a clone names its source",
                          "what was there before a kill is there after it")
                      .contains(check.statement()));
    }
    assertThat(report)
        .content()
        .startsWith("# Conformance of ")
        .contains("1 statements hold, 1 do not, 1 were not checked.")
        .contains("## block volumes")
        .contains("| a clone names its source | yes |")
        .contains("| a clone holds the bytes of its source | **no**: ")
        .contains(
            "| what was there before a kill is there after it | not checked: no way to kill the driver was given |");
  }

  @Test
  void aSocketOnWhichNobodyAnswersIsNamedByEachCheckAndWaitedForOnce() {
    Path socket = folder.resolve("nobody.sock");
    ConformanceSuite suite =
        ConformanceSuite.forSocket(socket)
            .openWith(VolumeOpener.paths(Path::of))
            .firstAnswerWithin(Duration.ofSeconds(1))
            .block()
            .build();
    long before = System.nanoTime();

    Map<String, Throwable> failures = suite.failures(check -> true);

    assertThat(Duration.ofNanos(System.nanoTime() - before))
        .as("time for %d checks", failures.size())
        .isLessThan(Duration.ofSeconds(20));
    assertThat(failures).hasSameSizeAs(ConformanceSuite.checks());
    assertThat(failures.values())
        .allSatisfy(failure ->
            assertThat(failure)
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("No CSI driver has answered")
                .hasMessageContaining(socket.toString()));
  }

  @Test
  void statementsAreUnique() {
    List<String> statements = ConformanceSuite.checks().stream().map(Check::statement).toList();

    assertThat(statements).doesNotHaveDuplicates();
  }

  @Test
  void theExampleOfThePageIsTheOneThatCompiles() throws IOException {
    String compiled =
        Files.readString(
            Path.of("src/test/java/io/csiclone/testkit/example/MyDriverConformance.java"));
    String page = Files.readString(Path.of("../../docs/development/conformance.md"));

    assertThat(page).contains(compiled.substring(compiled.indexOf("class MyDriver")).strip());
  }

  @Test
  void aSuiteWithoutAWayToTheBytesIsRefused() {
    ConformanceSuite.Builder builder = ConformanceSuite.forSocket(folder.resolve("csi.sock"));

    assertThatThrownBy(builder::build)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("openWith");
  }

  @Test
  void sizesThatCannotBeCheckedAreRefused() {
    ConformanceSuite.Builder builder = ConformanceSuite.forSocket(folder.resolve("csi.sock"));

    assertThatThrownBy(() -> builder.sizes(2 * MIB, 2 * MIB))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aCheckThatDoesNotExistCannotBeChosen() {
    ConformanceSuite.Builder builder = ConformanceSuite.forSocket(folder.resolve("csi.sock"));

    assertThatThrownBy(() -> builder.only(List.of("a clone names its source", "all is well")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("no check states: all is well");
  }

  /** Which check does what csi-sanity does, see the page. */
  @Test
  void theTableOfCsiSanityNamesChecksThatExist() throws IOException {
    String page = Files.readString(Path.of("../../docs/development/csi-sanity.md"));
    List<String> named =
        Pattern.compile("^\\|[^|]*\\| `([^`|]+)` \\|", Pattern.MULTILINE)
            .matcher(page)
            .results()
            .map(row -> row.group(1))
            .toList();

    assertThat(named).hasSizeGreaterThan(40);
    assertThat(ConformanceSuite.checks()).extracting(Check::statement).containsAll(named);
  }

  private ConformanceSuite.Builder suite(TinyDriver driver) {
    return ConformanceSuite.forSocket(driver.socket())
        .openWith(VolumeOpener.paths(driver::file))
        .sizes(2 * MIB, 4 * MIB)
        .publishBelow(folder.resolve("kubelet"))
        .killWith(driver::killAndRestart)
        .holdCopiesWith(driver::holdCopies)
        .block();
  }
}
