package io.csiclone.testkit.conformance;

/**
 * How the checks keep clones from being finished, so that they can look at a driver while it
 * copies. Without it these checks are skipped.
 */
@FunctionalInterface
public interface CopyHold {

  /**
   * From now on no clone is finished, however long its caller waits, until what is returned is
   * closed or the driver is killed; nothing else is held up.
   */
  AutoCloseable hold() throws Exception;
}
