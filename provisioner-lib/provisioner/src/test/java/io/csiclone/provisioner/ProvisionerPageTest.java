package io.csiclone.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** docs/provisioner.md claims nothing that no test says. */
class ProvisionerPageTest {

  private static final Path CHECKOUT =
      Path.of(System.getProperty("basedir", System.getProperty("user.dir"))).resolve("../..");

  private static final Path PAGE = CHECKOUT.resolve("docs/provisioner.md");

  private static final Path DRIVER_TESTS =
      CHECKOUT.resolve("driver/src/test/java/io/csiclone/driver");

  private static final Pattern TEST_METHOD = Pattern.compile("\\n  void (\\w+)\\(");

  private static final Pattern NAMED_TEST = Pattern.compile("`(\\w+Test)\\.(\\w+)` \\|$");

  /** The rows of the tables whose last column is a test. */
  private static List<String> rows() throws IOException {
    return Files.readString(PAGE)
        .lines()
        .dropWhile(line -> !line.startsWith("## What external-provisioner does"))
        .takeWhile(line -> !line.startsWith("## What it writes"))
        .filter(line -> line.startsWith("|"))
        .filter(line -> !line.startsWith("|---") && !line.startsWith("| what |"))
        .toList();
  }

  @Test
  void everyRowNamesATestThatExists() throws Exception {
    List<String> rows = rows();
    assertThat(rows).hasSizeGreaterThan(40);
    for (String row : rows) {
      Matcher named = NAMED_TEST.matcher(row);
      assertThat(named.find()).as("a test in the row: " + row).isTrue();
      assertThat(methods(named.group(1)))
          .as("the test of the row: " + row)
          .contains(named.group(2));
    }
  }

  /** Of a test here, or of the driver, of which only the source can be seen from here. */
  private List<String> methods(String test) throws Exception {
    Path ofDriver = DRIVER_TESTS.resolve(test + ".java");
    if (Files.exists(ofDriver)) {
      return TEST_METHOD
          .matcher(Files.readString(ofDriver))
          .results()
          .map(found -> found.group(1))
          .toList();
    }
    Class<?> found = Class.forName(getClass().getPackageName() + "." + test);
    return Arrays.stream(found.getDeclaredMethods()).map(Method::getName).toList();
  }
}
