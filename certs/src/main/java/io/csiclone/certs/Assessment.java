package io.csiclone.certs;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A decision and why it was taken.
 *
 * @param reason names the entry at fault, or what is well
 * @param basis the material that the decision is about; null if it has to be made from nothing
 * @param left after what time to decide again at the latest; zero unless the decision is to await
 */
record Assessment(
    CertificateDecision decision, String reason, @Nullable KeyMaterial basis, Duration left) {

  Assessment(CertificateDecision decision, String reason, @Nullable KeyMaterial basis) {
    this(decision, reason, basis, Duration.ZERO);
  }
}
