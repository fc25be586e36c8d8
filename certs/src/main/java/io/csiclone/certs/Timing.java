package io.csiclone.certs;

import java.time.Duration;

/**
 * How long things are waited for.
 *
 * @param firstCertificate until the first certificate must have been handed over
 * @param recheck between two looks at the Secret and the configurations when no change is announced
 * @param retry until what failed, or was not there yet, is tried again
 * @param propagation until every API server has a caBundle that was just written: the overlap of
 *     two CAs when the certificate that is served is of no use any more
 * @param lease until the replica that leads, and says nothing any more, is taken for dead
 */
record Timing(
    Duration firstCertificate,
    Duration recheck,
    Duration retry,
    Duration propagation,
    Duration lease) {
  static final Timing DEFAULT =
      new Timing(
          Duration.ofSeconds(30),
          Duration.ofSeconds(60),
          Duration.ofSeconds(2),
          Duration.ofSeconds(5),
          Duration.ofSeconds(15));
}
