package io.csiclone.copy;

import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;

/** What the threads of one copy have done so far, in bytes. */
final class CopyTally {

  /** Of the source, through the engine. */
  final LongAdder read = new LongAdder();

  /** Of the source, known as holes. */
  final LongAdder holes = new LongAdder();

  /** Zeros within the source's length that had to be written. */
  final LongAdder zerosWritten = new LongAdder();

  /** Of the source, dealt with: shared, copied, or zero in the target. */
  final LongAdder passed = new LongAdder();

  private final LongAdder[] byMethod =
      Stream.generate(LongAdder::new).limit(CopyMethod.values().length).toArray(LongAdder[]::new);

  void moved(CopyMethod method, long bytes) {
    byMethod[method.ordinal()].add(bytes);
  }

  long by(CopyMethod method) {
    return byMethod[method.ordinal()].sum();
  }

  long cloned() {
    return by(CopyMethod.REFLINK) + by(CopyMethod.REFLINK_RANGES);
  }

  /** Data that went over wires: what a rate limit counts. */
  long moved() {
    return read.sum() + by(CopyMethod.COPY_FILE_RANGE);
  }

  long written() {
    return by(CopyMethod.COPY_FILE_RANGE)
        + by(CopyMethod.READ_WRITE)
        + by(CopyMethod.PLAIN)
        + zerosWritten.sum();
  }

  /** The methods that moved anything. */
  Map<CopyMethod, Long> byMethod() {
    Map<CopyMethod, Long> used = new EnumMap<>(CopyMethod.class);
    for (CopyMethod method : CopyMethod.values()) {
      if (by(method) > 0) {
        used.put(method, by(method));
      }
    }
    return used;
  }

  /** The one that moved most, the faster of equals; empty when nothing has moved. */
  Optional<CopyMethod> mainMethod() {
    return Stream.of(CopyMethod.values())
        .filter(method -> by(method) > 0)
        .reduce((main, next) -> by(next) > by(main) ? next : main);
  }
}
