package io.csiclone.demo;

import io.csiclone.testkit.EmbeddedControlPlane;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * The seed procedure from end to end: a control plane in this process, the webhook and the driver
 * as processes of their own, real TLS and real bytes. Exits with 0 when everything went as it must.
 */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Clones volumes and is refused bad clones, on an embedded control plane.")
public final class Demo implements Callable<Integer> {

  private static final int DIFFERED = 1;
  private static final int UNUSABLE = 2;

  @Option(
      names = "--webhook-jar",
      paramLabel = "JAR",
      defaultValue = "webhook/target/csi-clone-webhook-*-exec.jar",
      description = "The executable jar of the webhook. Default: ${DEFAULT-VALUE}")
  private String webhookJar = "";

  @Option(
      names = "--driver-jars",
      paramLabel = "CLASSPATH",
      defaultValue = "driver/target/csi-clone-driver-*.jar:driver/target/lib/*.jar",
      description = "The driver and its libraries. Default: ${DEFAULT-VALUE}")
  private String driverJars = "";

  @Option(
      names = "--folder",
      paramLabel = "DIR",
      defaultValue = "${sys:java.io.tmpdir}",
      description =
          "Where the pool is made. On XFS or btrfs clones are reflinks. Default: ${DEFAULT-VALUE}")
  private Path parent = Path.of("");

  @Option(
      names = "--seed",
      paramLabel = "NUMBER",
      defaultValue = "1",
      description = "Of the random bytes in the volumes. Default: ${DEFAULT-VALUE}")
  private long seed;

  private final PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);

  private Demo() {}

  /** Runs the demo. */
  public static void main(String[] arguments) {
    System.exit(new CommandLine(new Demo()).execute(arguments));
  }

  @Override
  public Integer call() {
    Path webhook;
    String driver;
    if (!Files.isDirectory(parent)) {
      System.err.println("--folder: %s is not a folder".formatted(parent));
      return UNUSABLE;
    }
    try {
      webhook = Jars.one(webhookJar);
      driver = Jars.classPath(driverJars);
    } catch (IOException e) {
      System.err.println(e.getMessage());
      return UNUSABLE;
    }
    Steps steps = new Steps(out);
    Stage stage = new Stage();
    // After Ctrl-C; when all ends well there is nothing left for it to do.
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  steps.end();
                  stage.close();
                },
                "clean-up"));
    try (stage) {
      try {
        play(steps, stage, webhook, driver);
      } catch (Steps.Stop e) {
        steps.say("stopped: " + e.getMessage());
      } catch (IOException | RuntimeException e) {
        steps.check(
            "the demo itself",
            () -> {
              throw e;
            });
      }
      if (steps.differed()) {
        stage.logTails().forEach(out::println);
      }
    }
    steps.check(
        "processes and files are gone",
        () -> {
          Steps.require(stage.leftovers().isEmpty(), "left behind: " + stage.leftovers());
          return "";
        });
    steps.summary();
    return steps.allAsExpected() ? 0 : DIFFERED;
  }

  private void play(Steps steps, Stage stage, Path webhookJar, String driverJars)
      throws IOException, Steps.Stop {
    out.println("csi-clone: the seed procedure (seed " + seed + ")");
    steps.heading("Starting");
    EmbeddedControlPlane plane = stage.controlPlane();
    Api api = new Api(plane, stage.http());
    Path folder = stage.folder(parent);
    Path pool = Files.createDirectory(folder.resolve("pool"));
    int port = Stage.freePort();
    api.create(Manifests.mutating(port));
    api.create(Manifests.validating(port));
    api.create(Manifests.driver(Manifests.DRIVER));
    api.create(Manifests.storageClass(Manifests.CLASS, Manifests.DRIVER));
    api.create(Manifests.defaultClass("standard", "standard.example.com"));

    Stage.Part webhook = stage.webhook(webhookJar, folder, plane.kubeconfig(), port);
    Stage.Part driver = stage.driver(driverJars, folder, plane.kubeconfig(), pool);
    steps.say("control plane  " + plane.url());
    steps.say(
        "webhook        https://127.0.0.1:%d, process %d".formatted(port, webhook.process().pid()));
    steps.say(
        "driver         unix://%s, process %d"
            .formatted(folder.resolve("csi.sock"), driver.process().pid()));
    steps.say("pool           %s on %s".formatted(pool, Files.getFileStore(pool).type()));
    steps.need(
        "the driver is ready",
        () -> {
          driver.awaitReady(stage.http());
          return "clones are made by " + driver.cloneMethod();
        });
    steps.need(
        "the webhook is ready, with a certificate it made",
        () -> {
          webhook.awaitReady(stage.http());
          return "";
        });

    SeedProcedure procedure =
        new SeedProcedure(steps, api, new VolumeBytes(pool, seed), driver.cloneMethod());
    procedure.cloneAndUse();
    new Refusals(steps, api).all();
    procedure.outliveTheSource();
    procedure.deleteEverything();
  }
}
