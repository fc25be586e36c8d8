package io.csiclone.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Locale;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;

/**
 * Takes the signatures off jars. The JVM puts no class of a signed jar into an AOT cache, and
 * checks the signature at each start before it loads one; for the jars of Bouncy Castle that is a
 * tenth of the webhook's start and 4 MiB of manifest kept on the heap. What the build takes in has
 * been checked against the digests of its repository.
 */
final class UnsignedJar {

  private UnsignedJar() {}

  /** Does so to each signed jar of a folder; the times of the files stay. */
  static void makeAll(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path jar : files.filter(file -> file.toString().endsWith(".jar")).toList()) {
        make(jar);
      }
    }
  }

  private static void make(Path jar) throws IOException {
    Path unsigned = jar.resolveSibling(jar.getFileName() + ".unsigned");
    try (JarFile signed = new JarFile(jar.toFile(), false)) {
      if (signed.stream().noneMatch(UnsignedJar::isSignature)) {
        return;
      }
      try (JarOutputStream out =
          new JarOutputStream(Files.newOutputStream(unsigned), withoutDigests(signed))) {
        for (JarEntry entry : (Iterable<JarEntry>) signed.stream()::iterator) {
          if (!isSignature(entry) && !entry.getName().equals(JarFile.MANIFEST_NAME)) {
            copy(signed, entry, out);
          }
        }
      }
    }
    FileTime time = Files.getLastModifiedTime(jar);
    Files.delete(jar);
    Files.move(unsigned, jar);
    Files.setLastModifiedTime(jar, time);
  }

  private static void copy(JarFile from, JarEntry entry, JarOutputStream out) throws IOException {
    JarEntry copy = new JarEntry(entry.getName());
    copy.setTimeLocal(entry.getTimeLocal());
    out.putNextEntry(copy);
    try (var content = from.getInputStream(entry)) {
      content.transferTo(out);
    }
    out.closeEntry();
  }

  /** Each file's digest is an entry of its own. */
  private static Manifest withoutDigests(JarFile signed) throws IOException {
    Manifest whole = signed.getManifest();
    Manifest rest = new Manifest(whole);
    rest.getEntries().values().forEach(UnsignedJar::removeDigests);
    rest.getEntries().values().removeIf(Attributes::isEmpty);
    return rest;
  }

  private static void removeDigests(Attributes attributes) {
    attributes.keySet().removeIf(name -> name.toString().endsWith("-Digest"));
  }

  /** As the jar specification names them: in META-INF itself, by their extension. */
  private static boolean isSignature(JarEntry entry) {
    String name = entry.getName().toUpperCase(Locale.ROOT);
    return name.startsWith("META-INF/")
        && name.indexOf('/', "META-INF/".length()) < 0
        && (name.endsWith(".SF")
            || name.endsWith(".RSA")
            || name.endsWith(".DSA")
            || name.endsWith(".EC")
            || name.startsWith("META-INF/SIG-"));
  }
}
