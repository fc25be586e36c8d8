package io.csiclone.copy.internal.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Paths in the bytes the kernel sees. */
final class NativePath {

  /** The encoding the JDK itself decodes file names with. */
  private static final Charset ENCODING =
      Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"), StandardCharsets.UTF_8);

  private NativePath() {}

  static MemorySegment of(Arena arena, Path path) {
    byte[] bytes = path.toString().getBytes(ENCODING);
    MemorySegment text = arena.allocate(bytes.length + 1L);
    MemorySegment.copy(MemorySegment.ofArray(bytes), 0, text, 0, bytes.length);
    return text;
  }
}
