package io.csiclone.testkit.conformance;

/**
 * One statement about a driver.
 *
 * @param statement what is true of a conforming driver
 * @param body throws when it is not
 */
record Check(String statement, Body body) {

  @FunctionalInterface
  interface Body {
    void run(Trial trial) throws Exception;
  }
}
