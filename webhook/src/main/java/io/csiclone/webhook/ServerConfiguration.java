package io.csiclone.webhook;

import java.net.InetAddress;
import java.time.Duration;
import java.util.Set;
import org.apache.catalina.Context;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.valves.ErrorReportValve;
import org.apache.coyote.http11.AbstractHttp11Protocol;
import org.apache.tomcat.util.threads.VirtualThreadExecutor;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.Http2;
import org.springframework.boot.web.server.Shutdown;
import org.springframework.boot.web.server.Ssl;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;

/**
 * The HTTPS server and what it serves. Boot would configure it by itself, from some 150 settings of
 * which this process has three: to read them all takes longer than to start the server.
 */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(ServerConfiguration.Settings.class)
class ServerConfiguration {

  /**
   * Longer than the 90 s after which API servers give up an idle connection: a request that is sent
   * while this side closes would be lost.
   */
  private static final Duration KEEP_ALIVE = Duration.ofSeconds(120);

  /**
   * A new handshake costs as much as several reviews; still, connections spread over replicas in
   * time.
   */
  private static final int REVIEWS_PER_CONNECTION = 1_000;

  /** A body that is too large is still read this far, so that the client sees the answer. */
  private static final int MOST_SWALLOWED = 8 << 20;

  /**
   * Where to listen.
   *
   * @param address null is every address
   * @param port 0 is any that is free
   * @param connectionTimeout how long a client may take with each part of its request
   */
  @ConfigurationProperties("server")
  record Settings(@Nullable InetAddress address, int port, Duration connectionTimeout) {}

  @Bean
  TomcatServletWebServerFactory webServer(
      Settings settings, SslBundles bundles, ClientCertificateProperties clients) {
    var server = new TomcatServletWebServerFactory(settings.port());
    server.setAddress(settings.address());
    var tls = Ssl.forBundle(ServingCertificates.BUNDLE);
    if (clients.required()) {
      // Nobody is heard without a certificate.
      tls.setClientAuth(Ssl.ClientAuth.NEED);
    }
    server.setSsl(tls);
    server.setSslBundles(bundles);
    // For other callers: the API server offers only HTTP/1.1 to webhooks, so that its calls spread
    // over replicas.
    var http2 = new Http2();
    http2.setEnabled(true);
    server.setHttp2(http2);
    server.setShutdown(Shutdown.GRACEFUL);
    server.addProtocolHandlerCustomizers(
        protocol -> protocol.setExecutor(new VirtualThreadExecutor("tomcat-handler-")));
    server.addConnectorCustomizers(connector -> limit(connector, settings));
    server.addContextCustomizers(ServerConfiguration::keepErrorsPlain);
    return server;
  }

  private static void limit(Connector connector, Settings settings) {
    if (connector.getProtocolHandler() instanceof AbstractHttp11Protocol<?> http) {
      http.setConnectionTimeout((int) settings.connectionTimeout().toMillis());
      http.setKeepAliveTimeout((int) KEEP_ALIVE.toMillis());
      http.setMaxKeepAliveRequests(REVIEWS_PER_CONNECTION);
      http.setMaxSwallowSize(MOST_SWALLOWED);
    }
  }

  /** What Tomcat itself answers tells neither its version nor where it failed. */
  private static void keepErrorsPlain(Context context) {
    var plain = new ErrorReportValve();
    plain.setShowServerInfo(false);
    plain.setShowReport(false);
    context.getParent().getPipeline().addValve(plain);
  }

  /** Every path: what is at none of the two gets its answer there, too. */
  @Bean
  ServletRegistrationBean<AdmissionServlet> admissionPaths(AdmissionServlet servlet) {
    var paths = new ServletRegistrationBean<>(servlet, "/mutate", "/validate", "/");
    paths.setLoadOnStartup(1);
    return paths;
  }

  @Bean
  FilterRegistrationBean<CallerNames> callerNames(ClientCertificateProperties clients) {
    var filter = new FilterRegistrationBean<>(new CallerNames(Set.copyOf(clients.names())));
    filter.setEnabled(!clients.names().isEmpty());
    filter.setOrder(Ordered.HIGHEST_PRECEDENCE);
    return filter;
  }
}
