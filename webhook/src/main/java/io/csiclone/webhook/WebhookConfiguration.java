package io.csiclone.webhook;

import io.csiclone.facts.ClusterFacts;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.time.Clock;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

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
        facts, properties.rulePolicy(), properties.failMode(), client.getKubernetesSerialization());
  }

  @Bean
  Reviews reviews() {
    return new Reviews();
  }

  @Bean
  Answers answers(KubernetesClient client) {
    return new Answers(client.getKubernetesSerialization());
  }

  /** Ready only when every cache has been filled. */
  @Bean
  HealthIndicator cachesHealthIndicator(ClusterFacts facts) {
    return () -> facts.synced() ? Health.up().build() : Health.outOfService().build();
  }

  /** Ready only while the certificate that is served is in its time. */
  @Bean
  HealthIndicator certificateHealthIndicator(ServingCertificates certificates, Clock clock) {
    return () ->
        certificates.servedUntil().isAfter(clock.instant())
            ? Health.up().build()
            : Health.outOfService().build();
  }
}
