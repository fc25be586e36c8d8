package io.csiclone.testkit.conformance;

/** How the checks kill the driver. Without it the checks about kills are skipped. */
@FunctionalInterface
public interface KillHook {

  /**
   * Ends the driver's process as SIGKILL does, with no chance to tidy up, and starts it again on
   * the same storage and the same socket. Returns when the new process has been started; the checks
   * wait until it answers.
   */
  void killAndRestart() throws Exception;
}
