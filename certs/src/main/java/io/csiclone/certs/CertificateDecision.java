package io.csiclone.certs;

/** What is to be done about the certificates in the Secret. */
enum CertificateDecision {
  KEEP("keeping it", "kept"),
  CREATE("making a CA and a serving certificate", "CA and serving certificate made"),
  /** The CA, and with it what clients trust, stays. */
  RENEW_CERTIFICATE(
      "issuing a new serving certificate under the same CA", "new serving certificate issued"),
  REPLACE_AUTHORITY(
      "replacing it by a new CA and serving certificate", "CA and serving certificate replaced");

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
}
