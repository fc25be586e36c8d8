package io.csiclone.rules;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RestrictionsDocTest {

  private static final Path BASEDIR =
      Path.of(System.getProperty("basedir", System.getProperty("user.dir")));
  private static final Path DOC =
      BASEDIR.resolve("../../docs/restrictions.md").toAbsolutePath().normalize();

  @ParameterizedTest
  @EnumSource(RuleCode.class)
  void everyCodeIsExplained(RuleCode code) throws IOException {
    var text = Files.readString(DOC);
    assertThat(text)
        .as("row of %s in the table of %s", code.id(), DOC)
        .containsPattern(
            "(?m)^\\| \\[" + code.id() + "\\]\\(#" + code.id().toLowerCase(Locale.ROOT) + "\\) ");
    var entry = Pattern.compile("(?ms)^### " + code.id() + "$(.*?)(?=^#|\\z)").matcher(text);
    assertThat(entry.find()).as("entry '### %s' in %s", code.id(), DOC).isTrue();
    assertThat(entry.group(1))
        .as("entry of %s", code.id())
        .contains("**What.**", "**Why.**", "**Fix.**");
    assertThat(text)
        .as("default mode of %s", code.id())
        .containsPattern(
            "(?m)^\\| \\["
                + code.id()
                + "\\].*\\| "
                + code.defaultMode().name().toLowerCase(Locale.ROOT)
                + " \\|$");
  }
}
