package io.csiclone.webhook;

import io.csiclone.facts.ClusterFacts;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Clock;
import java.util.Set;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.Ssl;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;

/** Puts the parts together. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties({
  WebhookProperties.class,
  CertificateProperties.class,
  ClientCertificateProperties.class,
  ProbeServer.Address.class
})
class WebhookConfiguration {

  /** Finds the cluster by KUBECONFIG or by the pod's service account. */
  @Bean
  @ConditionalOnMissingBean
  KubernetesClient kubernetesClient() {
    return ClusterClient.make();
  }

  @Bean
  @ConditionalOnMissingBean
  Clock clock() {
    return Clock.systemUTC();
  }

  @Bean
  @ConditionalOnMissingBean
  ClusterFacts clusterFacts(KubernetesClient client, WebhookProperties properties) {
    return ClusterFacts.watchForAdmission(client, properties.patience());
  }

  @Bean
  @ConditionalOnMissingBean
  ServingCertificates servingCertificates(
      KubernetesClient client,
      WebhookProperties webhook,
      CertificateProperties source,
      ClientCertificateProperties clients,
      Clock clock) {
    return new ServingCertificates(client, webhook, source, clients, clock);
  }

  @Bean
  AdmissionCore admissionCore(
      ClusterFacts facts, WebhookProperties properties, KubernetesClient client) {
    return new AdmissionCore(
        facts,
        properties.rulePolicy(),
        properties.failMode(),
        properties.unknownClassOrigin(),
        client.getKubernetesSerialization());
  }

  @Bean
  Reviews reviews() {
    return new Reviews();
  }

  @Bean
  Answers answers() {
    return new Answers();
  }

  @Bean
  BadRequests badRequests(MeterRegistry registry) {
    return new BadRequests(registry);
  }

  @Bean
  AdmissionServlet admissionServlet(
      AdmissionCore core,
      Reviews reviews,
      Answers answers,
      AdmissionMetrics metrics,
      BadRequests badRequests) {
    return new AdmissionServlet(core, reviews, answers, metrics, badRequests);
  }

  /** Every path: what is at none of the two gets its answer there, too. */
  @Bean
  ServletRegistrationBean<AdmissionServlet> admissionPaths(AdmissionServlet servlet) {
    var paths = new ServletRegistrationBean<>(servlet, "/mutate", "/validate", "/");
    paths.setLoadOnStartup(1);
    return paths;
  }

  @Bean
  AdmissionMetrics admissionMetrics(MeterRegistry registry, WebhookProperties properties) {
    return new AdmissionMetrics(registry, properties.failMode());
  }

  @Bean
  PrometheusMeterRegistry meterRegistry(
      ClusterFacts facts, ServingCertificates certificates, Clock clock) {
    var registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    new StateMetrics(facts, certificates, clock).bindTo(registry);
    return registry;
  }

  @Bean
  Drain drain(WebhookProperties properties) {
    return new Drain(properties.drain());
  }

  @Bean
  ProbeServer probeServer(
      ProbeServer.Address address,
      ApplicationAvailability availability,
      ClusterFacts facts,
      ServingCertificates certificates,
      Clock clock,
      PrometheusMeterRegistry metrics) {
    return new ProbeServer(address, availability, facts, certificates, clock, metrics);
  }

  @Bean
  FirstCollection firstCollection(ClusterFacts facts) {
    return new FirstCollection(facts::synced);
  }

  /** Nobody is heard without a certificate, where one is asked for. */
  @Bean
  WebServerFactoryCustomizer<TomcatServletWebServerFactory> clientCertificates(
      ClientCertificateProperties clients) {
    return server -> {
      var tls = server.getSsl();
      if (clients.required() && tls != null) {
        tls.setClientAuth(Ssl.ClientAuth.NEED);
      }
    };
  }

  @Bean
  FilterRegistrationBean<CallerNames> callerNames(ClientCertificateProperties clients) {
    var filter = new FilterRegistrationBean<>(new CallerNames(Set.copyOf(clients.names())));
    filter.setEnabled(!clients.names().isEmpty());
    filter.setOrder(Ordered.HIGHEST_PRECEDENCE);
    return filter;
  }
}
