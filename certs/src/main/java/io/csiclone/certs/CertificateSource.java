package io.csiclone.certs;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.dsl.Informable;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where the certificate to serve comes from. Looked at again and again, on one thread. */
interface CertificateSource extends AutoCloseable {

  /**
   * What one look found.
   *
   * @param certificate what to serve; null if nothing was found that is fit for it
   * @param complaint what is not in order, a sentence without its full stop; null if all is well
   * @param passing whether that is nothing to worry about while it does not last
   * @param pause until the next look, if nothing announces a change before
   */
  record Look(
      @Nullable ServingCertificate certificate,
      @Nullable String complaint,
      boolean passing,
      Duration pause) {

    static Look fit(ServingCertificate certificate, Duration pause) {
      return new Look(certificate, null, true, pause);
    }

    static Look unfit(String complaint, boolean passing, Duration pause) {
      return new Look(null, complaint, passing, pause);
    }
  }

  /** May be slow, and fail: what is served stays then. */
  Look look();

  /** What was found needs no more asking after: the server has taken it. */
  default void served() {}

  /** Done after what was found has been handed over, and again with every look. */
  default void publish() {}

  /** Objects whose changes are worth a look. */
  List<Informable<? extends HasMetadata>> watched();

  /**
   * Begins whatever goes on beside the looks.
   *
   * @param wakeUp called when a look is worth while
   */
  default void start(Runnable wakeUp) {}

  @Override
  default void close() {}
}
