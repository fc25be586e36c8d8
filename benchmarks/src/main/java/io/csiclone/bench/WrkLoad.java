package io.csiclone.bench;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/** Load from wrk: several kept-alive TLS connections that post reviews of many sources. */
final class WrkLoad {

  static final int CONNECTIONS = 16;
  private static final String RESULT = "RESULT ";

  private final Path script;
  private final Path work;
  private final int sources;

  WrkLoad(Path work, int sources) throws IOException {
    this.work = work;
    this.sources = sources;
    this.script = work.resolve("reviews.lua");
    try (InputStream in =
        Objects.requireNonNull(WrkLoad.class.getResourceAsStream("reviews.lua"))) {
      Files.write(script, in.readAllBytes());
    }
  }

  /** What a run showed. */
  record Result(long requests, double perSecond, double p99Millis) {}

  static void require() throws IOException, InterruptedException {
    try {
      new ProcessBuilder("wrk", "-v").redirectErrorStream(true).start().waitFor();
    } catch (IOException e) {
      throw new IOException(
          "wrk is missing, which makes the load; on Debian it is the package wrk: apt-get install"
              + " wrk",
          e);
    }
  }

  Result run(int port, String path, String review, int seconds)
      throws IOException, InterruptedException {
    Path body = Files.writeString(work.resolve("review.json"), review);
    var command =
        List.of(
            "wrk",
            "-t1",
            "-c" + CONNECTIONS,
            "-d" + seconds + "s",
            "--timeout",
            "10s",
            "-s",
            script.toString(),
            "https://127.0.0.1:" + port + path,
            "--",
            body.toString(),
            Integer.toString(sources));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(10, TimeUnit.SECONDS) || process.exitValue() != 0) {
      process.destroyForcibly();
      throw new IOException("wrk failed: " + said);
    }
    return result(path, said);
  }

  private static Result result(String path, String said) throws IOException {
    String line =
        said.lines()
            .filter(each -> each.startsWith(RESULT))
            .findFirst()
            .orElseThrow(() -> new IOException("wrk told no result: " + said));
    String[] told = line.substring(RESULT.length()).split(" ");
    long requests = Long.parseLong(told[0]);
    if (Long.parseLong(told[3]) != 0) {
      throw new IOException(path + ": some of the requests failed: " + said);
    }
    return new Result(
        requests, requests / (Long.parseLong(told[1]) / 1e6), Long.parseLong(told[2]) / 1e3);
  }
}
