package io.csiclone.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The check that holds published modules to their baseline, on a module of one class. */
class ApiBaselineTest {

  private static final Path CHECKOUT = Path.of("..").toAbsolutePath().normalize();

  @TempDir private Path folder;

  @Test
  void aRemovedPublicMethodBreaksTheBuildWhichNamesIt() throws Exception {
    Path module = Files.createDirectory(folder.toRealPath().resolve("module"));
    Path before =
        jar(
            folder.resolve("before.jar"),
            "public void kept() {} public int dropped() { return 1; }");
    run(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        CHECKOUT.resolve("scripts/HeaderJar.java").toString(),
        before.toString(),
        module.resolve("api-baseline.jar").toString());
    Path now = compiled("public void kept() {}");
    Files.createDirectories(module.resolve("target/classes/promise"));
    Files.copy(now, module.resolve("target/classes/promise/Promise.class"));
    Files.writeString(
        module.resolve("pom.xml"),
        """
        <project xmlns="http://maven.apache.org/POM/4.0.0">
          <modelVersion>4.0.0</modelVersion>
          <parent>
            <groupId>io.csiclone</groupId>
            <artifactId>csi-clone-parent</artifactId>
            <version>%s</version>
            <relativePath>%s</relativePath>
          </parent>
          <artifactId>promise</artifactId>
          <version>1</version>
        </project>
        """
            .formatted(version(), module.relativize(CHECKOUT.toRealPath().resolve("pom.xml"))));

    Ended check =
        run(
            "bash",
            CHECKOUT.resolve("dev").toString(),
            "mvn",
            "-q",
            "-f",
            module.resolve("pom.xml").toString(),
            "org.apache.maven.plugins:maven-jar-plugin:jar@default-jar",
            "com.github.siom79.japicmp:japicmp-maven-plugin:cmp@api");

    assertThat(check.exit()).as(check.said()).isNotZero();
    assertThat(check.said()).contains("dropped()", "METHOD_REMOVED").doesNotContain("kept()");
  }

  private static String version() throws IOException {
    String pom = Files.readString(CHECKOUT.resolve("pom.xml"));
    int begin = pom.indexOf("<version>") + "<version>".length();
    return pom.substring(begin, pom.indexOf('<', begin));
  }

  /** The class {@code promise.Promise}. */
  private Path compiled(String members) throws IOException {
    Path source = Files.createDirectories(folder.resolve("promise")).resolve("Promise.java");
    Files.writeString(source, "package promise; public class Promise { %s }".formatted(members));
    int failed = ToolProvider.getSystemJavaCompiler().run(null, null, null, source.toString());
    assertThat(failed).isZero();
    return folder.resolve("promise/Promise.class");
  }

  private Path jar(Path jar, String members) throws IOException {
    Path compiled = compiled(members);
    try (OutputStream file = Files.newOutputStream(jar);
        ZipOutputStream out = new ZipOutputStream(file)) {
      out.putNextEntry(new ZipEntry("promise/Promise.class"));
      Files.copy(compiled, out);
    }
    return jar;
  }

  private record Ended(int exit, String said) {}

  private Ended run(String... command) throws Exception {
    Path said = folder.resolve("said");
    Process process =
        new ProcessBuilder(List.of(command))
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    try {
      assertThat(process.waitFor(3, TimeUnit.MINUTES)).as("%s ends", command[0]).isTrue();
      return new Ended(process.exitValue(), Files.readString(said, StandardCharsets.UTF_8));
    } finally {
      process.destroyForcibly();
    }
  }
}
