package io.csiclone.webhook;

import io.fabric8.kubernetes.client.KubernetesClient;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
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
import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.ConcurrentLinkedQueue;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.GenericApplicationContext;

/** The whole application on free ports, its cluster a mock server. */
final class RunningWebhook implements AutoCloseable {

  private final ConfigurableApplicationContext context;
  private final Collection<Thread> threads = new ConcurrentLinkedQueue<>();

  RunningWebhook(KubernetesClient cluster, String... arguments) {
    this(cluster, Clock.systemUTC(), arguments);
  }

  RunningWebhook(KubernetesClient cluster, Clock clock, String... arguments) {
    var application = new SpringApplication(WebhookApplication.class);
    application.addInitializers(context -> {
      var beans = (GenericApplicationContext) context;
      beans.registerBean(
          "kubernetesClient",
          KubernetesClient.class,
          () -> cluster,
          definition -> definition.setDestroyMethodName(""));
      beans.registerBean("clock", Clock.class, () -> clock);
      beans.registerBean("threadWatch", Filter.class, () -> this::watchThread);
    });
    var all = new String[arguments.length + 3];
    all[0] = "--server.port=0";
    all[1] = "--management.server.port=0";
    all[2] = "--csi-clone.webhook.dns-names=localhost,127.0.0.1";
    System.arraycopy(arguments, 0, all, 3, arguments.length);
    context = application.run(all);
  }

  private void watchThread(ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    threads.add(Thread.currentThread());
    chain.doFilter(request, response);
  }

  /** The threads that requests ran on. */
  Collection<Thread> threads() {
    return threads;
  }

  /** What is behind the two paths of {@link #admission}. */
  AdmissionController controller() {
    return context.getBean(AdmissionController.class);
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
