package io.csiclone.webhook;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.security.cert.X509Certificate;
import java.util.Optional;
import java.util.Set;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;

/** Lets in only callers whose certificate carries one of the wanted common names. */
final class CallerNames extends HttpFilter {
  private static final long serialVersionUID = 1L;

  private final Set<String> accepted;

  CallerNames(Set<String> accepted) {
    this.accepted = accepted;
  }

  @Override
  protected void doFilter(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    Optional<String> name =
        request.getAttribute("jakarta.servlet.request.X509Certificate")
                    instanceof X509Certificate[] certificates
                && certificates.length > 0
            ? commonName(certificates[0])
            : Optional.empty();
    if (name.filter(accepted::contains).isPresent()) {
      chain.doFilter(request, response);
      return;
    }
    response.setStatus(HttpServletResponse.SC_FORBIDDEN);
    response.setContentType("text/plain;charset=UTF-8");
    response
        .getWriter()
        .println(
            "The client certificate has %s; csi-clone.webhook.client-certificate.names has others."
                .formatted(name.map(each -> "the common name " + each).orElse("no common name")));
  }

  private static Optional<String> commonName(X509Certificate certificate) {
    try {
      return new LdapName(certificate.getSubjectX500Principal().getName())
          .getRdns().stream()
              .filter(part -> part.getType().equalsIgnoreCase("CN"))
              .map(Rdn::getValue)
              .map(String::valueOf)
              .findFirst();
    } catch (InvalidNameException e) {
      return Optional.empty();
    }
  }
}
