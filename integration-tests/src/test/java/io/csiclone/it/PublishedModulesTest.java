package io.csiclone.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What is published is what the BOM names, and nothing of it goes without a check of its API. */
class PublishedModulesTest {

  private static final Path LIBRARY = Path.of("../provisioner-lib");
  private static final Pattern ARTIFACT =
      Pattern.compile("<artifactId>csi-clone-(.+)</artifactId>");
  private static final Set<String> NO_MODULES = Set.of("parent", "bom");

  @Test
  void theBomNamesEveryModuleOfTheLibrary() throws IOException {
    assertThat(named()).isEqualTo(modulesWith("pom.xml"));
  }

  @Test
  void everyPublishedModuleHasABaselineOfItsApi() throws IOException {
    assertThat(modulesWith("api-baseline.jar")).isEqualTo(named());
  }

  /** An empty baseline would forbid nothing. */
  @Test
  void aBaselineHoldsTheClassesOfItsModule() throws IOException {
    for (String module : named()) {
      Path baseline = LIBRARY.resolve(module).resolve("api-baseline.jar");
      try (JarFile jar = new JarFile(baseline.toFile())) {
        assertThat(jar.stream().map(entry -> entry.getName()))
            .as(baseline.toString())
            .hasSizeGreaterThan(5)
            .allMatch(name -> name.startsWith("io/csiclone/") && name.endsWith(".class"));
      }
    }
  }

  private static Set<String> named() throws IOException {
    return ARTIFACT
        .matcher(Files.readString(Path.of("../bom/pom.xml")))
        .results()
        .map(found -> found.group(1))
        .filter(Predicate.not(NO_MODULES::contains))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Set<String> modulesWith(String file) throws IOException {
    try (var folders = Files.list(LIBRARY)) {
      return folders
          .filter(folder -> Files.exists(folder.resolve(file)))
          .map(folder -> folder.getFileName().toString())
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }
}
