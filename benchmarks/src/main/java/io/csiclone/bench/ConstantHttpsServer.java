package io.csiclone.bench;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.concurrent.Executors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * The least that the JDK needs to answer over TLS. Takes a key store, prints its port, and ends
 * with its standard input.
 */
final class ConstantHttpsServer {

  // Here and not in ConstantAnswer: that one needs the classes of the webhook.
  static final byte[] ADMITTED =
      """
      {"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"allowed":true,"auditAnnotations":{"verdict":"allowed"},"uid":"7f1d3c52-5a55-4c7c-9d5e-0d8f7a3f6c11"}}\
      """
          .getBytes(StandardCharsets.UTF_8);

  static final char[] PASSWORD = "not-a-secret".toCharArray();

  private ConstantHttpsServer() {}

  public static void main(String[] args) throws Exception {
    // Else each small answer waits for the client's delayed acknowledgement.
    System.setProperty("sun.net.httpserver.nodelay", "true");
    System.setProperty("sun.net.httpserver.maxIdleConnections", "1000");
    var store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(Path.of(args[0]))) {
      store.load(in, PASSWORD);
    }
    var keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(store, PASSWORD);
    var tls = SSLContext.getInstance("TLS");
    tls.init(keys.getKeyManagers(), null, null);
    var server =
        HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 128);
    server.setHttpsConfigurator(new HttpsConfigurator(tls));
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            exchange.getRequestBody().readAllBytes();
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, ADMITTED.length);
            exchange.getResponseBody().write(ADMITTED);
          }
        });
    server.start();
    System.out.println(server.getAddress().getPort());
    while (System.in.read() >= 0) {
      // Nothing is told this way.
    }
    server.stop(0);
    System.exit(0);
  }
}
