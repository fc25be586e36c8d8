package io.csiclone.driver;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.LongAdder;

/** The page on a campaign of kills. */
final class KillDriverReport {

  /** What came of the kills on one pool. */
  record Result(String poolType, int kills, int whileStarting, PersistentCaller.Figures calls) {}

  private KillDriverReport() {}

  static String text(long seed, int tenants, List<Result> results) {
    StringBuilder text = new StringBuilder();
    int kills = results.stream().mapToInt(Result::kills).sum();
    text.append(
        """
        # The driver killed at random instants

        `./dev soak kill-driver` runs the driver as a process on a real pool, and %d callers that create, clone, snapshot, restore, expand, delete, stage, publish,
        write, unpublish and unstage at random, all at once, with deadlines from 5 ms to 10 s. It kills the driver with SIGKILL at random instants, some of them
        while it starts, and starts it again. The callers repeat each call until it succeeds. After every restart, with all calls at their end, answers, records,
        pool files, loop devices and mounts are compared with what was done: nothing may lack and nothing be too much. A volume whose call a kill has hit is
        opened and its bytes compared, at the end every volume. Half of the drivers are the first process of a process namespace, as in a container, and mkfs, mount
        and losetup die with them; the programs of the others live on beside the next driver.

        %d kills, seed %d. Every call came to its end; no byte was wrong, nothing was left over.

        """
            .formatted(tenants, kills, seed));
    text.append(
        "| pool | kills | of these while starting | calls that ended | calls in flight when killed |\n");
    text.append("|---|---|---|---|---|\n");
    for (Result result : results) {
      text.append(
          "| %s | %d | %d | %d | %d |%n"
              .formatted(
                  result.poolType(),
                  result.kills(),
                  result.whileStarting(),
                  result.calls().total(result.calls().ended),
                  result.calls().total(result.calls().cutOff)));
    }
    text.append("\n| call | ended | in flight when killed |\n|---|---|---|\n");
    Set<String> calls = new TreeSet<>();
    results.forEach(result -> calls.addAll(result.calls().ended.keySet()));
    for (String call : calls) {
      long ended = 0;
      long cutOff = 0;
      for (Result result : results) {
        ended += result.calls().ended.getOrDefault(call, new LongAdder()).sum();
        cutOff += result.calls().cutOff.getOrDefault(call, new LongAdder()).sum();
      }
      text.append("| %s | %d | %d |%n".formatted(call, ended, cutOff));
    }
    return text.toString();
  }
}
