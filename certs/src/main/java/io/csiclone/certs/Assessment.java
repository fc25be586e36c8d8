package io.csiclone.certs;

/**
 * A decision and why it was taken.
 *
 * @param reason names the entry at fault, or what is well
 */
record Assessment(CertificateDecision decision, String reason) {}
