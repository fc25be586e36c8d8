package io.csiclone.it;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.KeyStore;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * A webhook that admits everything and writes down what it was asked, byte by byte: one line a
 * request, the path, a tab and the body. Runs in a pod of the node's own network, by itself, and
 * therefore needs nothing but the JDK.
 */
final class RecordingServer {

  private static final Pattern UID = Pattern.compile("\"uid\":\"([0-9a-f-]{36})\"");

  private RecordingServer() {}

  /**
   * @param args the key store, its password, the port, and the file to write to
   */
  public static void main(String[] args) throws Exception {
    char[] password = args[1].toCharArray();
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(Path.of(args[0]))) {
      keys.load(in, password);
    }
    KeyManagerFactory managers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(keys, password);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    Path file = Path.of(args[3]);
    HttpsServer server =
        HttpsServer.create(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(args[2])), 16);
    server.setHttpsConfigurator(new HttpsConfigurator(context));
    // One thread, so that the lines are in the order of the answers.
    server.createContext("/", exchange -> record(exchange, file));
    server.start();
    // That the file is there says that the server is ready.
    Files.writeString(file, "", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  private static void record(HttpExchange exchange, Path file) throws IOException {
    try (exchange) {
      String body =
          new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8).strip();
      Files.writeString(
          file,
          exchange.getRequestURI().getPath() + "\t" + body + "\n",
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
      // The request's own uid comes first in a review.
      Matcher uid = UID.matcher(body);
      byte[] answer =
          """
          {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
           "response": {"uid": "%s", "allowed": true}}
          """
              .formatted(uid.find() ? uid.group(1) : "")
              .getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      exchange.sendResponseHeaders(200, answer.length);
      exchange.getResponseBody().write(answer);
    }
  }
}
