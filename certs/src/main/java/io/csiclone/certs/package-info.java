/**
 * Serving certificates for a webhook, and the CA that callers are told to trust.
 *
 * <p>{@link io.csiclone.certs.Certificates} is the entry. {@code CertificateKeeper} runs the loop:
 * it asks a {@code CertificateSource} and hands over what is new. Of the self-managed source,
 * deciding ({@code CertificatePolicy}), issuing ({@code CertificateIssuer}), storing ({@code
 * SecretStore}), rolling out ({@code CaBundlePublisher}) and electing ({@code Leadership}) are five
 * places; {@code SelfManagedSource} takes one step after another through them.
 */
@NullMarked
package io.csiclone.certs;

import org.jspecify.annotations.NullMarked;
