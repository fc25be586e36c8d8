package io.csiclone.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.rules.Mode;
import io.csiclone.rules.RuleCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The README shows code that compiles and a table that is complete. */
class ReadmeTest {

  private static final Path ROOT = Path.of("..");

  @Test
  void theEmbeddingExampleIsTheCompiledSource() throws IOException {
    String source =
        Files.readString(Path.of("src/test/java/io/csiclone/example/FolderDriver.java"));
    String example =
        source.substring(
            source.indexOf("// README: begin\n") + "// README: begin\n".length(),
            source.indexOf("// README: end"));
    assertThat(readme()).contains("```java\n" + example + "```");
  }

  @Test
  void everyHardRestrictionIsInTheTable() throws IOException {
    String readme = readme();
    assertThat(Arrays.stream(RuleCode.values()).filter(c -> c.defaultMode() == Mode.DENY))
        .isNotEmpty()
        .allSatisfy(code -> assertThat(readme).contains("`" + code.id() + "`"));
  }

  @Test
  void everyLinkedFileExists() throws IOException {
    var links = Pattern.compile("\\]\\(([^)#:]+)\\)").matcher(readme()).results().toList();
    assertThat(links)
        .isNotEmpty()
        .allSatisfy(link -> assertThat(ROOT.resolve(link.group(1))).exists());
  }

  private static String readme() throws IOException {
    return Files.readString(ROOT.resolve("README.md"));
  }
}
