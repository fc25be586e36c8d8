package io.csiclone.webhook;

import io.csiclone.certs.CertificatesException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Says in a few lines why the process ends when it got no certificate to serve. */
final class NoCertificate extends AbstractFailureAnalyzer<CertificatesException> {

  @Override
  protected FailureAnalysis analyze(Throwable rootFailure, CertificatesException cause) {
    return new FailureAnalysis(
        "There is no certificate to serve. " + cause.getMessage() + network(cause),
        "Check that the API server can be reached (KUBECONFIG, or the service account of the pod)"
            + " and that the Secret %s may be read and written.".formatted(cause.secret()),
        cause);
  }

  /** The first failure of the network that has a name, which says more than what surrounds it. */
  private static String network(Throwable failure) {
    for (@Nullable Throwable each = failure; each != null; each = each.getCause()) {
      if (each instanceof IOException && each.getClass() != IOException.class) {
        return " Reaching the API server failed: " + each + ".";
      }
    }
    return "";
  }
}
