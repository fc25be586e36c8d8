package io.csiclone.csi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.csiclone.csiproto.VolumeCapability.AccessMode.Mode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Records come back as they were written, or not at all. */
class RecordStoreTest {

  @TempDir private Path parent;

  private Path folder() {
    return parent.resolve("records");
  }

  private static CreateRequest request(String name) {
    return new CreateRequest(
        name,
        1,
        Long.MAX_VALUE,
        new CapabilitySet(
            AccessType.MOUNT, "", Set.of(Mode.SINGLE_NODE_WRITER, Mode.MULTI_NODE_READER_ONLY)),
        Map.of("a.b = c", "d\ne", "", "empty", "ü", "\\u00fc"),
        ContentSource.volume("vol-source"),
        List.of(Map.of("k.1/x", "v"), Map.of("k", "w", "l", "")));
  }

  @Test
  void aRecordIsReadAsItWasWrittenWhateverIsInIt() {
    VolumeRecord record = VolumeRecord.populating("vol-1", request("Käse \t\n #!=:\\ 🧀 "), 4096);
    try (RecordStore store = RecordStore.open(folder())) {
      for (VolumeRecord each :
          List.of(
              record,
              record.ready(
                  new BackendVolume("vol-1", 8192, Map.of("a.b/c", "d = e")),
                  Instant.parse("2026-01-02T03:04:05.678901234Z")),
              record.deleting(),
              record.failed(new Refusal(Refusal.Reason.FAILED, "line 1\nline 2 – ü")))) {
        store.write(each);
        assertThat(store.read("vol-1")).contains(each);
        assertThat(store.list()).containsExactly(each);
      }
      store.delete("vol-1");
      store.delete("vol-1");
      assertThat(store.read("vol-1")).isEmpty();
    }
  }

  @Test
  void whatACrashLeftHalfWrittenIsRemoved() throws IOException {
    Files.createDirectory(folder());
    Files.writeString(folder().resolve("vol-1.tmp"), "format=1\nstate=READ");
    try (RecordStore store = RecordStore.open(folder())) {
      assertThat(store.list()).isEmpty();
      assertThat(folder().resolve("vol-1.tmp")).doesNotExist();
    }
  }

  @Test
  void theFolderIsForItsOwnerOnly() throws IOException {
    RecordStore.open(folder()).close();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder())))
        .isEqualTo("rwx------");
  }

  @Test
  void aRecordOfAnotherVolumeOrAnotherFormatIsNotTaken() throws IOException {
    try (RecordStore store = RecordStore.open(folder())) {
      store.write(VolumeRecord.populating("vol-1", request("x"), 1));
      Files.copy(folder().resolve("vol-1.volume"), folder().resolve("vol-2.volume"));
      Files.writeString(folder().resolve("vol-3.volume"), "format=2\n");
      assertThatThrownBy(() -> store.read("vol-2"))
          .isInstanceOf(UncheckedIOException.class)
          .hasMessageContaining("it is the record of vol-1");
      assertThatThrownBy(() -> store.read("vol-3")).hasMessageContaining("format is 2, not 1");
      assertThat(store.list()).hasSize(1);
    }
  }

  @Test
  void aPathIsNoVolumeId() {
    try (RecordStore store = RecordStore.open(folder())) {
      assertThatThrownBy(() -> store.read("../x")).isInstanceOf(IllegalArgumentException.class);
    }
  }
}
