package io.csiclone.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./dev bench jmh}: what digest, zero detection and system calls cost by themselves. */
@Command(
    name = "jmh",
    mixinStandardHelpOptions = true,
    description = "JMH: what digest, zero detection and system calls of the copy engine cost.")
final class JmhBench implements Callable<Integer> {

  @Option(names = "--quick", description = "One short iteration, to see that it works.")
  private boolean quick;

  private JmhBench() {}

  @Override
  public Integer call() throws Exception {
    Path json = Files.createDirectories(Results.FOLDER).resolve("jmh.json");
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include(CopyPartsBenchmark.class.getName())
            .shouldFailOnError(true)
            .resultFormat(ResultFormatType.JSON)
            .result(json.toString());
    if (quick) {
      options
          .warmupIterations(0)
          .measurementIterations(1)
          .measurementTime(TimeValue.milliseconds(100));
    }
    var _ = new Runner(options.build()).run();
    System.out.println("written to " + json);
    return 0;
  }
}
