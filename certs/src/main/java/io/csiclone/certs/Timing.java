package io.csiclone.certs;

import java.time.Duration;

/**
 * How long things are waited for.
 *
 * @param firstCertificate until the first certificate must have been handed over
 * @param recheck between two looks at the Secret and the configurations when no change is announced
 * @param retry until what failed, or was not there yet, is tried again
 */
record Timing(Duration firstCertificate, Duration recheck, Duration retry) {
  static final Timing DEFAULT =
      new Timing(Duration.ofSeconds(30), Duration.ofSeconds(60), Duration.ofSeconds(2));
}
