package io.csiclone.copy;

import io.csiclone.copy.internal.linux.SystemCallException;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.LongAdder;

/**
 * What one lane of a copy has written into the page cache and the medium may not have yet. Writing
 * back is started early, so that it runs beside the reading, and waited for later. Used by one
 * thread at a time.
 */
final class WriteBehind {

  /** Written back at once; smaller pieces make the kernel write small requests. */
  private static final long SPAN = 2 << 20;

  /** From the first byte to the last of some writes in ascending order. */
  private record Span(long start, long end, long bytes) {}

  private final Endpoint target;
  private final InFlight inFlight;
  private final LongAdder unsettled;
  private final long window;
  private final ArrayDeque<Span> started = new ArrayDeque<>();
  private Span open = new Span(0, 0, 0);
  private long waiting;

  /**
   * @param unsettled bytes written and not settled, of all lanes of the copy
   * @param window bytes of this lane on their way back, at most
   */
  WriteBehind(Endpoint target, InFlight inFlight, LongAdder unsettled, long window) {
    this.target = target;
    this.inFlight = inFlight;
    this.unsettled = unsettled;
    this.window = window;
  }

  /** Takes note of a write behind all others, or in another granule. */
  void wrote(long offset, long length) throws SystemCallException {
    if (length == 0) {
      return;
    }
    inFlight.add(length);
    unsettled.add(length);
    waiting += length;
    boolean far = open.bytes() > 0 && (offset < open.end() || offset > open.end() + 16 * SPAN);
    if (far) {
      start();
    }
    long from = open.bytes() == 0 ? offset : open.start();
    open = new Span(from, offset + length, open.bytes() + length);
    if (open.bytes() >= SPAN) {
      start();
    }
  }

  private void start() throws SystemCallException {
    Span span = open;
    open = new Span(0, 0, 0);
    started.add(span);
    target.startWriteBack(span.start(), span.end() - span.start());
  }

  /** Makes room for another step if it can; without it the lane has to come back later. */
  boolean hasRoom() throws SystemCallException {
    while (waiting > window && !started.isEmpty()) {
      settleOldest();
    }
    if (inFlight.hasRoom()) {
      return true;
    }
    settle();
    return inFlight.hasRoom();
  }

  /** Returns when all of it is on the medium. */
  void settle() throws SystemCallException {
    if (open.bytes() > 0) {
      start();
    }
    while (!started.isEmpty()) {
      settleOldest();
    }
  }

  private void settleOldest() throws SystemCallException {
    Span span = started.element();
    target.awaitWriteBack(span.start(), span.end() - span.start());
    started.remove();
    settled(span.bytes());
  }

  /** All of it is out of account: an fsync has settled it, or the copy has failed. */
  void forget() {
    settled(waiting);
    started.clear();
    open = new Span(0, 0, 0);
  }

  private void settled(long bytes) {
    waiting -= bytes;
    inFlight.remove(bytes);
    unsettled.add(-bytes);
  }
}
