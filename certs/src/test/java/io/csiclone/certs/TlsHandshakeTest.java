package io.csiclone.certs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsExchange;
import com.sun.net.httpserver.HttpsServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TlsHandshakeTest {
  private static final String NAME = "csi-clone-webhook.csi-clone-system.svc";

  private final KeyMaterial material = issue();
  private HttpServer server;

  @BeforeEach
  void serve() throws Exception {
    HttpsServer https =
        HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    https.setHttpsConfigurator(new HttpsConfigurator(serverContext()));
    https.createContext(
        "/",
        exchange -> {
          var session = (ExtendedSSLSession) ((HttpsExchange) exchange).getSSLSession();
          byte[] answer =
              session.getRequestedServerNames().toString().getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    https.start();
    server = https;
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  @Test
  void aClientThatTrustsTheAuthorityReachesTheServerByName() throws Exception {
    assertThat(get(material.caPem(), NAME)).contains("200 OK").contains("value=" + NAME);
  }

  @Test
  void aClientThatTrustsTheAuthorityReachesTheServerByAddress() throws Exception {
    assertThat(get(material.caPem(), "127.0.0.1")).contains("200 OK");
  }

  @Test
  void anotherNameIsRefused() {
    assertThatThrownBy(() -> get(material.caPem(), "other.csi-clone-system.svc"))
        .isInstanceOf(SSLHandshakeException.class)
        .hasMessageContaining("other.csi-clone-system.svc");
  }

  @Test
  void anotherAuthorityIsRefused() {
    assertThatThrownBy(() -> get(issue().caPem(), NAME)).isInstanceOf(SSLHandshakeException.class);
  }

  private String get(String trustedPem, String host) throws Exception {
    KeyStore trusted = emptyStore();
    trusted.setCertificateEntry("ca", Pem.certificates(trustedPem).getFirst());
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    try (Socket plain =
            new Socket(InetAddress.getLoopbackAddress(), server.getAddress().getPort());
        SSLSocket socket =
            (SSLSocket) context.getSocketFactory().createSocket(plain, host, 443, true)) {
      socket.setSoTimeout(10_000);
      SSLParameters parameters = socket.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      socket.setSSLParameters(parameters);
      socket.startHandshake();
      socket
          .getOutputStream()
          .write(
              "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
                  .getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private SSLContext serverContext() throws Exception {
    KeyStore own = emptyStore();
    own.setKeyEntry(
        "tls",
        Pem.privateKey(material.privateKeyPem(), "EC"),
        new char[0],
        Pem.certificates(material.certificatePem()).toArray(X509Certificate[]::new));
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(own, new char[0]);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    return context;
  }

  private static KeyStore emptyStore() throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }

  private static KeyMaterial issue() {
    return new CertificateIssuer(
            CertificatePolicy.forNames(List.of(NAME, "127.0.0.1"), Duration.ZERO, Duration.ZERO),
            new SecureRandom())
        .createAll(Instant.now(), "");
  }
}
