package io.csiclone.bench;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The processes of one run; all of them end with it. */
final class Children implements AutoCloseable {

  private final Deque<Process> processes = new ArrayDeque<>();

  /** The {@code java} of this process. */
  static Path java() {
    return Path.of(System.getProperty("java.home"), "bin", "java");
  }

  /** The class path of this process, made absolute. */
  static String classPath() {
    List<String> entries = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
      entries.add(Path.of(entry).toAbsolutePath().toString());
    }
    return String.join(File.pathSeparator, entries);
  }

  /** Starts a process whose standard output can be read and whose errors are shown. */
  Process start(Map<String, String> environment, List<String> command) throws IOException {
    return keep(
        environment, new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT));
  }

  /** Starts a process that writes into a file. */
  Process start(Map<String, String> environment, Path log, List<String> command)
      throws IOException {
    return keep(
        environment,
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()));
  }

  private Process keep(Map<String, String> environment, ProcessBuilder builder) throws IOException {
    // Options of whoever runs this are not meant for what is measured.
    builder.environment().keySet().removeAll(List.of("JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS"));
    builder.environment().putAll(environment);
    Process process = builder.start();
    processes.push(process);
    return process;
  }

  static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** Ends a process politely and waits for it; true when it ended by itself in time. */
  static boolean end(Process process, int seconds) throws InterruptedException {
    process.destroy();
    if (process.waitFor(seconds, TimeUnit.SECONDS)) {
      return true;
    }
    process.destroyForcibly().waitFor();
    return false;
  }

  @Override
  public void close() throws InterruptedException {
    for (Process process : processes) {
      end(process, 10);
    }
  }
}
