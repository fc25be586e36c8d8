package io.csiclone.webhook;

import io.csiclone.facts.ClusterFacts;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.util.Set;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.Ssl;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.Ordered;

/** Puts the parts together. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(WebhookProperties.class)
@Import({AdmissionController.class, BadRequests.class})
class WebhookConfiguration {

  /** Finds the cluster by KUBECONFIG or by the pod's service account. */
  @Bean
  @ConditionalOnMissingBean
  KubernetesClient kubernetesClient() {
    return new KubernetesClientBuilder().build();
  }

  @Bean
  @ConditionalOnMissingBean
  Clock clock() {
    return Clock.systemUTC();
  }

  @Bean
  ClusterFacts clusterFacts(KubernetesClient client, WebhookProperties properties) {
    return ClusterFacts.watchForAdmission(client, properties.patience());
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
  Answers answers(KubernetesClient client) {
    return new Answers(client.getKubernetesSerialization());
  }

  @Bean
  AdmissionMetrics admissionMetrics(MeterRegistry registry, WebhookProperties properties) {
    return new AdmissionMetrics(registry, properties.failMode());
  }

  @Bean
  StateMetrics stateMetrics(ClusterFacts facts, ServingCertificates certificates, Clock clock) {
    return new StateMetrics(facts, certificates, clock);
  }

  @Bean
  Drain drain(WebhookProperties properties) {
    return new Drain(properties.drain());
  }

  /** Ready only when every cache has been filled. */
  @Bean
  HealthIndicator cachesHealthIndicator(ClusterFacts facts) {
    return () -> facts.synced() ? Health.up().build() : Health.outOfService().build();
  }

  /**
   * Ready only while the certificate that is served is in its time, and callers that have to show
   * one can be told from others.
   */
  @Bean
  HealthIndicator certificateHealthIndicator(ServingCertificates certificates, Clock clock) {
    return () ->
        certificates.inOrder(clock.instant()) ? Health.up().build() : Health.outOfService().build();
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
