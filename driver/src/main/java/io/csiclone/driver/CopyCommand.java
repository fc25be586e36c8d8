package io.csiclone.driver;

import io.csiclone.copy.CopyEngine;
import io.csiclone.copy.CopyException;
import io.csiclone.copy.CopyJournal;
import io.csiclone.copy.CopyListener;
import io.csiclone.copy.CopyMethod;
import io.csiclone.copy.CopyOptions;
import io.csiclone.copy.CopyReport;
import io.csiclone.copy.Verify;
import java.io.Console;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The copy engine as a command, for one file or block device. */
@CommandLine.Command(
    name = "csi-clone copy",
    description =
        "Copies a file or block device to another existing one, sparsely, by reflink where the filesystem can.",
    mixinStandardHelpOptions = true,
    versionProvider = ReflinkDriver.Version.class,
    sortOptions = false,
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {
      "0:the target is a copy and on its medium",
      "1:the copy failed; the target is incomplete",
      "2:an argument cannot be used",
      "3:refused; the target is untouched",
      "4:read back, the target differs from the source",
      "130:interrupted (143 by SIGTERM); the target is incomplete"
    })
public final class CopyCommand implements Callable<Integer> {

  private static final int FAILED = 1;
  private static final int REFUSED = 3;
  private static final int DIFFERS = 4;
  private static final int INTERRUPTED = 130;

  @Spec private @Nullable CommandSpec spec;

  @Parameters(index = "0", paramLabel = "SOURCE", description = "What to copy.")
  private Path source = Path.of("");

  @Parameters(
      index = "1",
      paramLabel = "TARGET",
      description = "What becomes the copy; at least as long as the source.")
  private Path target = Path.of("");

  @Option(
      names = "--verify",
      description =
          "Read source and target again from the medium, compare them, and print the digest.")
  private boolean verify;

  @Option(
      names = "--digest",
      description = "Print a digest of the source; shared extents are not read and have none.")
  private boolean digest;

  @Option(
      names = "--limit",
      paramLabel = "BYTES",
      converter = RateOption.class,
      description =
          "Move no more data than this in a second; K, M, G and T stand for powers of 1024.")
  private @Nullable Long limit;

  @Option(
      names = "--resume",
      description =
          "Keep a journal and go on from the one that an interrupted copy left. It is there as long as the target is incomplete.")
  private boolean resume;

  @Option(
      names = "--journal",
      paramLabel = "FILE",
      description =
          "The journal of --resume, needed for a device. Default: TARGET with .copy-journal behind it")
  private @Nullable Path journal;

  @Option(
      names = "--json",
      description = "Print what was done as one JSON object; nothing else goes to the output.")
  private boolean json;

  @Option(
      names = "--progress",
      negatable = true,
      description =
          "Show progress, rate and remaining time on the error output. Default: on a terminal")
  private @Nullable Boolean progress;

  private CopyCommand() {}

  /** Copies and ends with the exit code. */
  public static void main(String[] arguments) {
    System.exit(commandLine().execute(arguments));
  }

  static CommandLine commandLine() {
    return new CommandLine(new CopyCommand())
        .setParameterExceptionHandler((error, words) -> {
          error.getCommandLine().getErr().println(error.getMessage());
          return CommandLine.ExitCode.USAGE;
        })
        .setExecutionExceptionHandler((error, command, words) -> {
          command.getErr().println("the copy failed: " + error);
          return FAILED;
        });
  }

  @Override
  public Integer call() {
    if (spec == null) {
      throw new IllegalStateException("not started by its command line");
    }
    CommandLine command = spec.commandLine();
    // Closed last: the process ends when a signal has come and this has been closed.
    try (StopSignal signal = StopSignal.interruptThisThread()) {
      return copy(command.getOut(), command.getErr());
    }
  }

  private int copy(PrintWriter out, PrintWriter err) {
    CopyOptions options =
        new CopyOptions(CopyMethod.REFLINK, proof(), limit == null ? Long.MAX_VALUE : limit);
    if (resume) {
      options = options.resumable(CopyJournal.at(journalFile()));
    } else if (journal != null) {
      throw unusable("--journal is of use only with --resume");
    }
    try {
      CopyOutcome outcome = CopyOutcome.of(source, target, copy(options, err));
      out.println(json ? outcome.toJson() : outcome.toText());
      return CommandLine.ExitCode.OK;
    } catch (CopyException e) {
      err.println(e.getMessage());
      return exitCode(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      err.println(
          "interrupted; "
              + target
              + " is no copy of "
              + source
              + (resume ? ", --resume goes on from " + journalFile() : ""));
      return INTERRUPTED;
    }
  }

  private CopyReport copy(CopyOptions options, PrintWriter err) throws InterruptedException {
    boolean terminal = onTerminal();
    try (CopyEngine engine = CopyEngine.start()) {
      if (progress == null ? !terminal : !progress) {
        return engine.copy(source, target, options, CopyListener.none());
      }
      try (CopyProgressBar bar = CopyProgressBar.on(err, terminal)) {
        return engine.copy(source, target, options, bar);
      }
    }
  }

  private static boolean onTerminal() {
    Console console = System.console();
    return console != null && console.isTerminal();
  }

  /** Beside a device there is no place that outlives a restart of the machine. */
  private Path journalFile() {
    if (journal != null) {
      return journal;
    }
    if (Files.exists(target) && !Files.isRegularFile(target)) {
      throw unusable("--resume needs --journal FILE, for " + target + " is no file");
    }
    return Path.of(target + ".copy-journal");
  }

  private ParameterException unusable(String message) {
    if (spec == null) {
      throw new IllegalStateException(message);
    }
    return new ParameterException(spec.commandLine(), message);
  }

  private Verify proof() {
    if (verify) {
      return Verify.READ_BACK;
    }
    return digest ? Verify.DIGEST : Verify.OFF;
  }

  private static int exitCode(CopyException e) {
    return switch (e.failure()) {
      case NATIVE_ACCESS_DENIED,
          NOT_FOUND,
          NOT_FILE_OR_BLOCK_DEVICE,
          SYMBOLIC_LINK,
          SOURCE_UNREADABLE,
          TARGET_READ_ONLY,
          TARGET_SMALLER,
          SAME_AS_SOURCE,
          TARGET_IN_USE,
          SOURCE_NOT_THE_SAME,
          JOURNAL_UNUSABLE ->
          REFUSED;
      case VERIFICATION_FAILED -> DIFFERS;
      case SOURCE_CHANGED, NO_SPACE, IO_ERROR, ENGINE_CLOSED, INTERNAL -> FAILED;
    };
  }
}
