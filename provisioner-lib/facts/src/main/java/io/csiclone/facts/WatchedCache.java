package io.csiclone.facts;

import java.time.Duration;

/** How the copy of one kind of object keeps up with the cluster. */
public interface WatchedCache {

  /** What it holds, in the plural and with underscores, for instance {@code storage_classes}. */
  String name();

  /** Whether it has been filled once. */
  boolean synced();

  /**
   * Whether changes are being told at this moment. A watch over a WebSocket counts from its opening
   * on; one over plain HTTP, to which the client resorts where it gets no WebSocket, from the first
   * thing that is told, at the latest the bookmark that API servers send about once a minute. A
   * watch that was cut no longer counts.
   */
  boolean watching();

  /** How many objects it holds. */
  int objects();

  /**
   * How long ago the cluster last told anything: a change, or in its absence the bookmark that API
   * servers send about once a minute. Since the start while nothing has been told. Known only as
   * exactly as this is asked often.
   */
  Duration age();
}
