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
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
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
    application.addInitializers(new HeadStart(() -> cluster, clock));
    var all = new String[arguments.length + 4];
    all[0] = "--server.port=0";
    all[1] = "--management.server.port=0";
    all[2] = "--csi-clone.webhook.dns-names=localhost,127.0.0.1";
    // Else it tells of every request.
    all[3] = "--logging.level.io.fabric8.mockwebserver=warn";
    System.arraycopy(arguments, 0, all, 4, arguments.length);
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
  AdmissionServlet servlet() {
    return context.getBean(AdmissionServlet.class);
  }

  URI admission(String path) {
    return URI.create("https://localhost:" + port("local.server.port") + path);
  }

  URI management(String path) {
    return URI.create("http://localhost:" + context.getBean(ProbeServer.class).port() + path);
  }

  /** Whether the kubelet would let requests through. */
  boolean isReady() {
    return send(HttpClient.newHttpClient(), HttpRequest.newBuilder(management("/readyz")).build())
            .statusCode()
        == 200;
  }

  int port(String property) {
    return context.getEnvironment().getRequiredProperty(property, Integer.class);
  }

  /** What a probe of the kubelet is answered. */
  int probe(String path) {
    return send(HttpClient.newHttpClient(), HttpRequest.newBuilder(management(path)).build())
        .statusCode();
  }

  static HttpClient trusting(String caPem) {
    return HttpClient.newBuilder()
        .sslContext(tls(trust(caPem), null))
        .version(HttpClient.Version.HTTP_1_1)
        .connectTimeout(Duration.ofSeconds(20))
        .build();
  }

  /** Trusts every certificate in that text, and nothing else. */
  static TrustManager[] trust(String caPem) {
    try {
      var store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      var certificates =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(
                  new ByteArrayInputStream(caPem.getBytes(StandardCharsets.US_ASCII)));
      for (var certificate : certificates) {
        store.setCertificateEntry("ca-" + store.size(), certificate);
      }
      var trust = TrustManagerFactory.getInstance("PKIX");
      trust.init(store);
      return trust.getTrustManagers();
    } catch (GeneralSecurityException | IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Remembers no session, so that each connection verifies the server anew. */
  static SSLContext tls(TrustManager[] trust, @Nullable KeyStore client) {
    try {
      var keys = KeyManagerFactory.getInstance("PKIX");
      keys.init(client, new char[0]);
      var tls = SSLContext.getInstance("TLS");
      tls.init(client == null ? null : keys.getKeyManagers(), trust, null);
      return tls;
    } catch (GeneralSecurityException e) {
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
