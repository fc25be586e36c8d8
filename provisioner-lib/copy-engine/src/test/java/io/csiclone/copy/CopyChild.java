package io.csiclone.copy;

import io.csiclone.copy.RecordingEndpoint.Operation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A copy in a process of its own, for being killed: {@code SOURCE TARGET JOURNAL RECORD METHOD
 * VERIFY GRANULE WORKERS RATE}. What is done to the target is appended to the record, which
 * survives the process; the last line is the report.
 */
final class CopyChild {

  private CopyChild() {}

  public static void main(String[] arguments) throws Exception {
    Path record = Path.of(arguments[3]);
    int workers = Integer.parseInt(arguments[7]);
    try (FileChannel log =
            FileChannel.open(record, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        CopyEngine engine =
            TestEngines.behindTarget(
                workers,
                real -> new RecordingEndpoint(real, operation -> append(log, operation)))) {
      CopyOptions options =
          new CopyOptions(CopyMethod.valueOf(arguments[4]))
              .verified(Verify.valueOf(arguments[5]))
              .withGranule(Integer.parseInt(arguments[6]))
              .inParallel(workers)
              .limitedTo(Long.parseLong(arguments[8]))
              .resumable(CopyJournal.at(Path.of(arguments[2])));
      CopyReport report =
          engine.copy(Path.of(arguments[0]), Path.of(arguments[1]), options, CopyListener.none());
      append(log, new Operation("resumed", report.resumed(), 0));
      append(
          log,
          new Operation(
              "end " + report.method() + " " + report.startedOver().isPresent(),
              0,
              report.sourceBytes()));
    }
  }

  private static void append(FileChannel log, Operation operation) {
    try {
      // One write(2): it is in the kernel, whatever becomes of this process.
      log.write(ByteBuffer.wrap((operation + "\n").getBytes(StandardCharsets.UTF_8)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
