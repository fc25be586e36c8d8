package io.csiclone.testkit;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhook;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhook;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhookBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** An HTTPS webhook of a few lines, with a certificate of its own made by the JDK's keytool. */
final class TestWebhook implements AutoCloseable {

  /** What the webhook was asked, oldest first. */
  final List<JsonNode> requests = new CopyOnWriteArrayList<>();

  private final HttpsServer server;
  private final String caBundle;

  /**
   * @param answer from the request part of the review to the response part, without the uid
   */
  TestWebhook(Path folder, Function<JsonNode, ObjectNode> answer) throws Exception {
    KeyStore keys = newKeys(folder);
    caBundle = pem(keys.getCertificate("webhook").getEncoded());
    KeyManagerFactory managers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(keys, "changeit".toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 16);
    server.setHttpsConfigurator(new HttpsConfigurator(context));
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            JsonNode request = Json.parse(exchange.getRequestBody().readAllBytes()).path("request");
            requests.add(request);
            ObjectNode review =
                Json.object()
                    .put("apiVersion", "admission.k8s.io/v1")
                    .put("kind", "AdmissionReview");
            review.set("response", answer.apply(request).put("uid", Json.text(request, "uid")));
            byte[] body = Json.bytes(review);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
          }
        });
    server.start();
  }

  static ObjectNode allow() {
    return Json.object().put("allowed", true);
  }

  static ObjectNode deny(int code, String message) {
    ObjectNode response = Json.object().put("allowed", false);
    response
        .putObject("status")
        .put("code", code)
        .put("message", message)
        .put("reason", "Forbidden");
    return response;
  }

  static ObjectNode patch(String operations) {
    return allow()
        .put("patchType", "JSONPatch")
        .put(
            "patch",
            Base64.getEncoder().encodeToString(operations.getBytes(StandardCharsets.UTF_8)));
  }

  InetSocketAddress address() {
    return server.getAddress();
  }

  String caBundle() {
    return caBundle;
  }

  MutatingWebhook mutating() {
    return new MutatingWebhookBuilder()
        .withName("mutate.example.org")
        .withAdmissionReviewVersions("v1")
        .withSideEffects("None")
        .withTimeoutSeconds(5)
        .withNewClientConfig()
        .withUrl("https://127.0.0.1:" + server.getAddress().getPort() + "/mutate")
        .withCaBundle(caBundle)
        .endClientConfig()
        .addNewRule()
        .withOperations("CREATE", "UPDATE")
        .withApiGroups("")
        .withApiVersions("v1")
        .withResources("persistentvolumeclaims")
        .endRule()
        .build();
  }

  ValidatingWebhook validating() {
    MutatingWebhook same = mutating();
    return new ValidatingWebhookBuilder()
        .withName("validate.example.org")
        .withAdmissionReviewVersions("v1")
        .withSideEffects("None")
        .withTimeoutSeconds(5)
        .withClientConfig(same.getClientConfig())
        .withRules(same.getRules())
        .build();
  }

  @Override
  public void close() {
    server.stop(0);
  }

  private static KeyStore newKeys(Path folder) throws Exception {
    Path file = Files.createTempDirectory(folder, "keys").resolve("keys.p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                "webhook",
                "-keyalg",
                "EC",
                "-dname",
                "CN=webhook",
                "-ext",
                "san=ip:127.0.0.1,dns:hook.tests.svc",
                "-storetype",
                "PKCS12",
                "-storepass",
                "changeit",
                "-keystore",
                file.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("keytool.log").toFile())
            .start();
    if (!keytool.waitFor(30, TimeUnit.SECONDS) || keytool.exitValue() != 0) {
      throw new IOException(Files.readString(folder.resolve("keytool.log")));
    }
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      keys.load(in, "changeit".toCharArray());
    }
    return keys;
  }

  private static String pem(byte[] certificate) {
    String pem =
        "-----BEGIN CERTIFICATE-----\n"
            + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(certificate)
            + "\n-----END CERTIFICATE-----\n";
    return Base64.getEncoder().encodeToString(pem.getBytes(StandardCharsets.UTF_8));
  }
}
