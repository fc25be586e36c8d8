package io.csiclone.driver;

import java.util.List;

/** The page on a campaign of kills of the process that provisions. */
final class KillProvisionerReport {

  /**
   * What came of the kills on one pool.
   *
   * @param cycles how often fifty claims were made and deleted
   * @param whileStarting kills before the process served
   * @param inTheMaking claims that were on record as being made when the process was killed, all
   *     kills together
   * @param beingDeleted volumes that were to be deleted when it was killed
   */
  record Result(
      String poolType,
      int cycles,
      int kills,
      int whileStarting,
      int inTheMaking,
      int beingDeleted) {}

  private KillProvisionerReport() {}

  static String text(long seed, List<Result> results) {
    StringBuilder text = new StringBuilder();
    text.append(
        """
        # The provisioner killed at random instants

        `./dev soak kill-provisioner` runs the companion driver with its provisioner as a process on a real pool, beside an embedded control plane that binds claims and
        releases volumes. In each cycle users make %d claims, four in five of them clones of one source of 8 MiB, delete every fourth of them soon after, and then
        delete all, the source too. Meanwhile the process is killed with SIGKILL at random instants, some of them while it starts, and started again. After the
        making and after the deletion of each cycle claims, volume objects, the driver's answers, records and pool files are compared: each claim bound to one volume, each volume
        that of one claim, none of our finalizers on any claim, and after the deletion nothing at all. Each clone's bytes are compared with its source's.

        %d kills, seed %d. Nothing was lost, nothing was left, no byte was wrong.

        | pool | cycles of %d claims | kills | of these while starting | claims in the making when killed | volumes being deleted when killed |
        |---|---|---|---|---|---|
        """
            .formatted(
                ProvisionedClaims.COUNT,
                results.stream().mapToInt(Result::kills).sum(),
                seed,
                ProvisionedClaims.COUNT));
    for (Result result : results) {
      text.append(
          "| %s | %d | %d | %d | %d | %d |%n"
              .formatted(
                  result.poolType(),
                  result.cycles(),
                  result.kills(),
                  result.whileStarting(),
                  result.inTheMaking(),
                  result.beingDeleted()));
    }
    return text.toString();
  }
}
