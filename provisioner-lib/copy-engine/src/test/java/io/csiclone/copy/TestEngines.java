package io.csiclone.copy;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;

/** Engines whose clock or ends a test has a hand in. */
final class TestEngines {

  private TestEngines() {}

  /** Every look at the clock is a second later: one step a turn, all reported. */
  static CopyEngine stepping(int threads) {
    return PooledCopyEngine.start(threads, secondByLook());
  }

  private static LongSupplier secondByLook() {
    AtomicLong time = new AtomicLong();
    return () -> time.addAndGet(TimeUnit.SECONDS.toNanos(1));
  }

  /** With something standing in front of every source and every target. */
  static PooledCopyEngine behind(
      int threads, UnaryOperator<Endpoint> source, UnaryOperator<Endpoint> target) {
    return PooledCopyEngine.start(
        threads,
        PooledCopyEngine.IN_FLIGHT,
        System::nanoTime,
        (from, to, policy) -> {
          EndpointPair pair = EndpointPair.open(from, to, policy);
          return new EndpointPair(source.apply(pair.source()), target.apply(pair.target()));
        });
  }

  /** With something standing in front of every target. */
  static PooledCopyEngine behindTarget(int threads, UnaryOperator<Endpoint> target) {
    return behind(threads, UnaryOperator.identity(), target);
  }
}
