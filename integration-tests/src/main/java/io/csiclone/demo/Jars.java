package io.csiclone.demo;

import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Finds the packaged parts. */
final class Jars {

  private Jars() {}

  /** The one file that fits the pattern, whose last part may hold stars. */
  static Path one(String pattern) throws IOException {
    List<Path> found = matching(pattern);
    if (found.size() != 1) {
      throw new IOException(
          "%s: expected one file, found %d; run ./dev build first"
              .formatted(pattern, found.size()));
    }
    return found.getFirst();
  }

  /** A class path of jars; each entry may hold stars in its last part. */
  static String classPath(String patterns) throws IOException {
    List<String> entries = new ArrayList<>();
    for (String pattern : patterns.split(File.pathSeparator)) {
      List<Path> found = matching(pattern);
      if (found.isEmpty()) {
        throw new IOException("%s: no such file; run ./dev build first".formatted(pattern));
      }
      found.forEach(jar -> entries.add(jar.toString()));
    }
    return String.join(File.pathSeparator, entries);
  }

  private static List<Path> matching(String pattern) throws IOException {
    Path path = Path.of(pattern).toAbsolutePath();
    Path folder = path.getParent();
    List<Path> found = new ArrayList<>();
    if (folder != null && Files.isDirectory(folder)) {
      String name = String.valueOf(path.getFileName());
      try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, name)) {
        files.forEach(found::add);
      }
    }
    found.sort(null);
    return found;
  }
}
