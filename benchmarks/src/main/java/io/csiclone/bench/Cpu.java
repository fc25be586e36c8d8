package io.csiclone.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Seconds of processor time. Children count once they have ended and been waited for, in steps of a
 * hundredth of a second; what the kernel does later on threads of its own is nobody's.
 */
final class Cpu {

  private static final double CLOCK_TICKS = 100;

  private Cpu() {}

  /** Of this process, every thread of the JVM included. */
  static double process() {
    if (ManagementFactory.getOperatingSystemMXBean()
        instanceof com.sun.management.OperatingSystemMXBean system) {
      return system.getProcessCpuTime() / 1e9;
    }
    throw new IllegalStateException("this JVM does not know its processor time");
  }

  /** Of the calling thread. */
  static double thread() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() / 1e9;
  }

  /** Of the processes that this one has started. */
  static double children() throws IOException {
    String stat = Files.readString(Path.of("/proc/self/stat"));
    // The name in brackets may hold blanks; the fields behind it are numbered from 3 in proc(5).
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    return (Long.parseLong(fields[16 - 3]) + Long.parseLong(fields[17 - 3])) / CLOCK_TICKS;
  }
}
