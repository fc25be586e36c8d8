package io.csiclone.driver;

import io.csiclone.copy.CopyEngine;
import io.csiclone.copy.CopyException;
import io.csiclone.copy.CopyListener;
import io.csiclone.copy.CopyMethod;
import io.csiclone.copy.CopyOptions;
import io.csiclone.copy.CopyReport;
import io.csiclone.copy.Verify;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

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
      "130:interrupted; the target is incomplete"
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
      converter = Rate.class,
      description =
          "Move no more data than this in a second; K, M, G and T stand for powers of 1024.")
  private @Nullable Long limit;

  @Option(
      names = "--progress",
      negatable = true,
      description = "Show the progress. Default: when the output is a terminal")
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
        });
  }

  @Override
  public Integer call() {
    if (spec == null) {
      throw new IllegalStateException("not started by its command line");
    }
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    CopyOptions options =
        new CopyOptions(CopyMethod.REFLINK, proof(), limit == null ? Long.MAX_VALUE : limit);
    boolean shown =
        progress == null ? System.console() != null && System.console().isTerminal() : progress;
    try (CopyEngine engine = CopyEngine.start()) {
      CopyReport report =
          engine.copy(source, target, options, shown ? bar(err) : CopyListener.none());
      print(report, out);
      return CommandLine.ExitCode.OK;
    } catch (CopyException e) {
      err.println(e.getMessage());
      return exitCode(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      err.println("interrupted; " + target + " is no copy of " + source);
      return INTERRUPTED;
    }
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

  private static CopyListener bar(PrintWriter err) {
    return (done, total) -> {
      err.printf(
          Locale.ROOT,
          "\r%3d %%  %,d of %,d bytes%s",
          total == 0 ? 100 : (long) (100.0 * done / total),
          done,
          total,
          done == total ? System.lineSeparator() : "");
      err.flush();
    };
  }

  private static void print(CopyReport report, PrintWriter out) {
    out.printf(
        Locale.ROOT,
        "method %s%nsource %d%nread %d%ncloned %d%nwritten %d%nskipped %d%nholes %d%nzeroed %d%nmilliseconds %d%n",
        report.method(),
        report.sourceBytes(),
        report.read(),
        report.cloned(),
        report.written(),
        report.skipped(),
        report.holes(),
        report.zeroed(),
        report.took().toMillis());
    report.digest().ifPresent(digest -> out.println("digest " + digest));
    report
        .passedOver()
        .forEach(missed -> out.println("not " + missed.method() + ": " + missed.reason()));
    out.flush();
  }

  private static final class Rate implements ITypeConverter<Long> {
    private static final Pattern FORM = Pattern.compile("([1-9][0-9]{0,8})([KMGT]?)");

    @Override
    public Long convert(String value) {
      Matcher form = FORM.matcher(value);
      if (!form.matches()) {
        throw new TypeConversionException(
            "'" + value + "' is no rate; write 1 to 9 digits and K, M, G or T, for instance 200M");
      }
      int power = "KMGT".indexOf(form.group(2));
      long unit = form.group(2).isEmpty() ? 1 : 1L << 10 * (power + 1);
      return Long.parseLong(form.group(1)) * unit;
    }
  }
}
