package io.csiclone.webhook;

import io.csiclone.facts.ClusterFacts;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Clock;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

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
  Answers answers() {
    return new Answers();
  }

  @Bean
  BadRequests badRequests(MeterRegistry registry) {
    return new BadRequests(registry);
  }

  @Bean
  AdmissionServlet admissionServlet(
      AdmissionCore core, Answers answers, AdmissionMetrics metrics, BadRequests badRequests) {
    return new AdmissionServlet(core, answers, metrics, badRequests);
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
  SpareHeap spareHeap(ClusterFacts facts) {
    return new SpareHeap(facts::synced);
  }
}
