/**
 * A certificate authority and serving certificates for a webhook: decided, issued, stored and
 * rolled out by the webhook itself.
 *
 * <p>{@link io.csiclone.certs.SelfManagedCertificates} is the entry. Deciding ({@code
 * CertificatePolicy}), issuing ({@code CertificateIssuer}), storing ({@code SecretStore}) and
 * rolling out ({@code CaBundlePublisher}) are four places; {@code CertificateKeeper} runs them in
 * turn.
 */
@NullMarked
package io.csiclone.certs;

import org.jspecify.annotations.NullMarked;
