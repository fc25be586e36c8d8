package io.csiclone.driver;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The marks of a pool's volumes: small files beside the images, on the medium when set. */
final class VolumeMarks {

  private final Path folder;

  VolumeMarks(Path folder) {
    this.folder = folder;
  }

  void set(VolumeMark mark, String volumeId) {
    set(mark, volumeId, "");
  }

  void set(VolumeMark mark, String volumeId, String content) {
    try {
      Files.writeString(file(mark, volumeId), content);
      Pool.sync(folder);
    } catch (IOException e) {
      throw Pool.failure("cannot mark volume " + volumeId, e);
    }
  }

  /** Takes it away; one that is not there is no error. */
  void clear(VolumeMark mark, String volumeId) {
    try {
      if (Files.deleteIfExists(file(mark, volumeId))) {
        Pool.sync(folder);
      }
    } catch (IOException e) {
      throw Pool.failure("cannot unmark volume " + volumeId, e);
    }
  }

  /** To be called before an image goes or comes: no mark may speak of another volume of that id. */
  void clearAll(String volumeId) throws IOException {
    boolean removed = false;
    for (VolumeMark mark : VolumeMark.values()) {
      removed |= Files.deleteIfExists(file(mark, volumeId));
    }
    if (removed) {
      Pool.sync(folder);
    }
  }

  boolean has(VolumeMark mark, String volumeId) {
    return Files.exists(file(mark, volumeId));
  }

  /** What was set with it; empty when the mark is not there, or was cut off while it was set. */
  Optional<String> content(VolumeMark mark, String volumeId) {
    try {
      return Optional.of(Files.readString(file(mark, volumeId)))
          .filter(content -> !content.isEmpty());
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw Pool.failure("cannot read a mark of volume " + volumeId, e);
    }
  }

  /** The volumes that have it. */
  List<String> with(VolumeMark mark) {
    String end = "." + mark.word();
    List<String> ids = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*" + end)) {
      for (Path file : files) {
        String name = String.valueOf(file.getFileName());
        ids.add(name.substring(0, name.length() - end.length()));
      }
    } catch (IOException e) {
      throw Pool.failure("cannot list " + folder, e);
    }
    return ids;
  }

  private Path file(VolumeMark mark, String volumeId) {
    return folder.resolve(Pool.checked(volumeId) + "." + mark.word());
  }
}
