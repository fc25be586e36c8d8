package io.csiclone.certs;

import java.net.InetAddress;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.x509.GeneralName;

/**
 * A name that a server certificate carries, comparable between what is wanted and what is there.
 */
sealed interface ServerName {

  Pattern IPV4 = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");

  // The last label holds a letter (RFC 3696, section 2), so that a mistyped address is no host
  // name.
  Pattern HOST =
      Pattern.compile(
          "(\\*\\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)*"
              + "(?=[a-z0-9-]*[a-z])[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");

  /** A host name in lower case. */
  record Dns(String name) implements ServerName {
    @Override
    public String toString() {
      return name;
    }
  }

  /** An IPv4 or IPv6 address. */
  record Ip(InetAddress address) implements ServerName {
    @Override
    public String toString() {
      return address.getHostAddress();
    }
  }

  static ServerName parse(String text) {
    if (IPV4.matcher(text).matches() || text.indexOf(':') >= 0) {
      try {
        return new Ip(InetAddress.ofLiteral(text));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("'" + text + "' is not an IP address", e);
      }
    }
    String host = text.toLowerCase(Locale.ROOT);
    if (host.length() > 253 || !HOST.matcher(host).matches()) {
      throw new IllegalArgumentException("'" + text + "' is neither a host name nor an IP address");
    }
    return new Dns(host);
  }

  static Set<ServerName> parseAll(Collection<String> texts) {
    return texts.stream().map(ServerName::parse).collect(Collectors.toUnmodifiableSet());
  }

  /** Whether a certificate with this name is good for the other (RFC 6125, section 6.4.3). */
  default boolean covers(ServerName other) {
    return equals(other)
        || (this instanceof Dns(String pattern)
            && other instanceof Dns(String name)
            && pattern.startsWith("*.")
            && name.indexOf('.') > 0
            && name.substring(name.indexOf('.')).equals(pattern.substring(1)));
  }

  /** The names in the certificate's subjectAltName; other kinds of name are passed over. */
  static Set<ServerName> of(X509Certificate certificate) throws CertificateParsingException {
    Collection<List<?>> names = certificate.getSubjectAlternativeNames();
    if (names == null) {
      return Set.of();
    }
    Set<ServerName> present = new HashSet<>();
    for (List<?> name : names) {
      int tag = (Integer) name.getFirst();
      if (tag == GeneralName.dNSName) {
        present.add(new Dns(((String) name.get(1)).toLowerCase(Locale.ROOT)));
      } else if (tag == GeneralName.iPAddress) {
        present.add(new Ip(InetAddress.ofLiteral((String) name.get(1))));
      }
    }
    return present;
  }

  default GeneralName toGeneralName() {
    return switch (this) {
      case Dns dns -> new GeneralName(GeneralName.dNSName, dns.name());
      case Ip ip ->
          new GeneralName(GeneralName.iPAddress, new DEROctetString(ip.address().getAddress()));
    };
  }
}
