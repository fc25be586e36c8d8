package io.csiclone.driver;

import io.csiclone.copy.CopyEngine;
import io.csiclone.csi.CsiServer;
import io.csiclone.csi.SweepReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Compares a pool that no driver has at the moment with its records; a running driver does so by
 * itself. Exit codes: 0 when they agree, 1 when not, 2 when the pool cannot be used.
 */
@CommandLine.Command(
    name = "csi-clone-driver sweep",
    description =
        "Compares the files, loop devices and mounts of a pool with its records. No driver may be running on it.",
    mixinStandardHelpOptions = true,
    versionProvider = ReflinkDriver.Version.class,
    sortOptions = false)
final class SweepCommand implements Callable<Integer> {

  /** The word that chooses it. */
  static final String NAME = "sweep";

  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = "--pool",
      required = true,
      paramLabel = "DIR",
      description = "The folder that holds the volumes.")
  private Path folder = Path.of("");

  @Option(
      names = "--remove",
      description =
          "Remove the volumes whose record says that they are to go. What no record explains is never removed.")
  private boolean remove;

  @Override
  public Integer call() {
    CommandSpec command = spec;
    if (command == null) {
      throw new IllegalStateException("not run by picocli");
    }
    PrintWriter out = command.commandLine().getOut();
    try (Pool pool = Pool.open(folder);
        CopyEngine engine = CopyEngine.start()) {
      LoopDevices loops = new LoopDevices();
      VolumeLocks locks = new VolumeLocks();
      CopiedSources sources = new CopiedSources(pool, loops, locks);
      SweepReport report =
          CsiServer.builder()
              .volumes(new PoolVolumeBackend(pool, loops, locks, sources, engine, false))
              .copyEngine(engine)
              .records(pool.records())
              .sweepOnce(remove);
      print(report, out);
      return report.clean() ? 0 : 1;
    } catch (IOException | IllegalStateException e) {
      throw new ParameterException(command.commandLine(), String.valueOf(e.getMessage()), e);
    }
  }

  private static void print(SweepReport report, PrintWriter out) {
    report.removed().forEach(id -> out.println("removed: " + id + ", as its record said"));
    report
        .doomed()
        .forEach(id -> out.println("to go: " + id + ", its record says so; --remove removes it"));
    report
        .unexplained()
        .forEach(trace ->
            out.println(
                "no record: " + trace.kind().word() + " " + trace.where() + "; left alone"));
    report
        .missing()
        .forEach(id -> out.println("missing: " + id + " is on record, but not in the pool"));
    if (report.clean()) {
      out.println("pool and records agree");
    }
    out.flush();
  }
}
