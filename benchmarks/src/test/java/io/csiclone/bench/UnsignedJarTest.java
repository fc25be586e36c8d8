package io.csiclone.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.bouncycastle.cert.X509CertificateHolder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A signed jar without its signature, on the jar of Bouncy Castle. */
class UnsignedJarTest {

  private static final FileTime LONG_AGO = FileTime.from(Instant.EPOCH);

  @TempDir private Path folder;

  @Test
  void onlyTheSignatureIsTakenOff() throws Exception {
    Path jar = copyOf(X509CertificateHolder.class);
    Map<String, Long> before = filesOf(jar);
    assertThat(before.keySet())
        .as("a jar that is signed")
        .anyMatch(name -> name.matches("META-INF/[^/]+\\.SF"));

    UnsignedJar.makeAll(folder);

    Map<String, Long> rest = new HashMap<>(before);
    rest.keySet().removeIf(name -> name.matches("META-INF/[^/]+\\.(SF|RSA|DSA|EC)"));
    assertThat(filesOf(jar)).isEqualTo(rest);
    assertThat(Files.getLastModifiedTime(jar)).isEqualTo(LONG_AGO);
    assertThat(folder).isDirectoryNotContaining(file -> !file.equals(jar));
    try (JarFile unsigned = new JarFile(jar.toFile())) {
      assertThat(unsigned.getManifest().getEntries()).as("digests in the manifest").isEmpty();
      assertThat(unsigned.isMultiRelease()).as("still of several releases").isTrue();
      JarEntry entry =
          unsigned.getJarEntry(X509CertificateHolder.class.getName().replace('.', '/') + ".class");
      try (InputStream content = unsigned.getInputStream(entry)) {
        content.readAllBytes();
      }
      assertThat(entry.getCodeSigners()).isNull();
    }
  }

  @Test
  void aJarThatIsNotSignedIsLeftAsItIs() throws Exception {
    Path jar = copyOf(Test.class);
    byte[] before = Files.readAllBytes(jar);

    UnsignedJar.makeAll(folder);

    assertThat(jar).hasBinaryContent(before);
    assertThat(Files.getLastModifiedTime(jar)).isEqualTo(LONG_AGO);
  }

  private Path copyOf(Class<?> inJar) throws IOException, URISyntaxException {
    Path jar = Path.of(inJar.getProtectionDomain().getCodeSource().getLocation().toURI());
    Path copy = Files.copy(jar, folder.resolve("copy.jar"));
    return Files.setLastModifiedTime(copy, LONG_AGO);
  }

  /** All but the manifest, with the checksums of their content. */
  private static Map<String, Long> filesOf(Path jar) throws IOException {
    Map<String, Long> files = new HashMap<>();
    try (JarFile open = new JarFile(jar.toFile(), false)) {
      open.stream()
          .filter(entry -> !entry.getName().equals(JarFile.MANIFEST_NAME))
          .forEach(entry -> files.put(entry.getName(), entry.getCrc()));
    }
    return files;
  }
}
