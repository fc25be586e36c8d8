package io.csiclone.webhook;

import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.GenericApplicationContext;

/** The whole application on free ports, its cluster a mock server. */
final class RunningWebhook implements AutoCloseable {

  private final ConfigurableApplicationContext context;

  RunningWebhook(KubernetesClient cluster, String... arguments) {
    var application = new SpringApplication(WebhookApplication.class);
    application.addInitializers(context ->
        ((GenericApplicationContext) context)
            .registerBean(
                "kubernetesClient",
                KubernetesClient.class,
                () -> cluster,
                definition -> definition.setDestroyMethodName("")));
    var all = new String[arguments.length + 3];
    all[0] = "--server.port=0";
    all[1] = "--management.server.port=0";
    all[2] = "--csi-clone.webhook.dns-names=localhost,127.0.0.1";
    System.arraycopy(arguments, 0, all, 3, arguments.length);
    context = application.run(all);
  }

  URI admission(String path) {
    return URI.create("https://localhost:" + port("local.server.port") + path);
  }

  URI management(String path) {
    return URI.create("http://localhost:" + port("local.management.port") + path);
  }

  int port(String property) {
    return context.getEnvironment().getRequiredProperty(property, Integer.class);
  }

  <T> T bean(Class<T> type) {
    return context.getBean(type);
  }

  static HttpClient trusting(String caPem) {
    try {
      var store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setCertificateEntry(
          "ca",
          CertificateFactory.getInstance("X.509")
              .generateCertificate(
                  new ByteArrayInputStream(caPem.getBytes(StandardCharsets.US_ASCII))));
      var trust = TrustManagerFactory.getInstance("PKIX");
      trust.init(store);
      var tls = SSLContext.getInstance("TLS");
      tls.init(null, trust.getTrustManagers(), null);
      return HttpClient.newBuilder()
          .sslContext(tls)
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(20))
          .build();
    } catch (GeneralSecurityException | IOException e) {
      throw new AssertionError(e);
    }
  }

  static HttpRequest post(URI uri, String body) {
    return HttpRequest.newBuilder(uri)
        .timeout(Duration.ofSeconds(30))
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(body))
        .build();
  }

  static HttpResponse<String> send(HttpClient client, HttpRequest request) {
    try {
      return client.send(request, HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    context.close();
  }
}
