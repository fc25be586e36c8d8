package io.csiclone.certs;

/**
 * What is to be done about the certificates in the Secret. A CA is replaced in three steps, so that
 * no caller ever meets a certificate that it does not trust yet, or no longer: announced, adopted,
 * retired.
 */
enum CertificateDecision {
  KEEP("keeping it", "kept"),
  /** The next step of a replacement is known, but not everybody can be ready for it. */
  AWAIT("waiting for everybody to know the CA", "waited"),
  CREATE("making a CA and a serving certificate", "CA and serving certificate made"),
  /** The CA, and with it what clients trust, stays. */
  RENEW_CERTIFICATE(
      "issuing a new serving certificate under the same CA", "new serving certificate issued"),
  /** The new CA is trusted from now on, but signs nothing yet. */
  ANNOUNCE_AUTHORITY(
      "making the next CA, to be trusted beside the present one",
      "next CA made; the present one goes on vouching for what is served"),
  ADOPT_AUTHORITY(
      "issuing a serving certificate under the next CA",
      "serving certificate issued under the next CA; the one before is still trusted"),
  RETIRE_AUTHORITY("no longer trusting the CA before it", "only the present CA is trusted");

  private final String intention;
  private final String outcome;

  CertificateDecision(String intention, String outcome) {
    this.intention = intention;
    this.outcome = outcome;
  }

  /** What is about to be done, to be read after the reason for it. */
  String intention() {
    return intention;
  }

  /** What has been done. */
  String outcome() {
    return outcome;
  }

  /** Whether that rotation needs not be asked for any more once this has been done. */
  boolean fulfils(Rotation rotation) {
    return switch (this) {
      case CREATE -> true;
      case ANNOUNCE_AUTHORITY -> rotation == Rotation.CA;
      case RENEW_CERTIFICATE, ADOPT_AUTHORITY -> rotation == Rotation.SERVING;
      case KEEP, AWAIT, RETIRE_AUTHORITY -> false;
    };
  }
}
