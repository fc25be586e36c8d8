package io.csiclone.webhook;

import io.csiclone.certs.CertificatesException;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Says in a few lines why the process ends when it got no certificate to serve. */
final class NoCertificate extends AbstractFailureAnalyzer<CertificatesException> {

  @Override
  protected FailureAnalysis analyze(Throwable rootFailure, CertificatesException cause) {
    return new FailureAnalysis(
        "There is no certificate to serve. " + cause.getMessage() + root(cause),
        "Check that the API server can be reached (KUBECONFIG, or the service account of the pod)"
            + " and that the Secret %s may be read and written.".formatted(cause.secret()),
        cause);
  }

  private static String root(Throwable failure) {
    @Nullable Throwable last = failure;
    while (last.getCause() != null) {
      last = last.getCause();
    }
    return last == failure ? "" : " At the bottom of it: " + last + ".";
  }
}
