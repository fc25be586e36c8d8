package io.csiclone.bench;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code ./dev bench NAME}: prints a table and writes it as JSON. */
@Command(
    name = "bench",
    subcommands = {CopyBench.class, JmhBench.class, WebhookCommand.class, ProvisionCommand.class},
    mixinStandardHelpOptions = true,
    description = "Side-by-side runs against the tools that people use today.")
public final class Bench {

  private Bench() {}

  /** Runs the benchmark that the first argument names and ends with its exit code. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new Bench()).execute(args));
  }
}
