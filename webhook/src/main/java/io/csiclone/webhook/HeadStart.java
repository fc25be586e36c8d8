package io.csiclone.webhook;

import io.csiclone.facts.ClusterFacts;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Clock;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.support.GenericApplicationContext;

/**
 * Asks the cluster for what the webhook cannot start without, its certificate and the content of
 * its caches, while Spring is still reading its configuration. Otherwise each waits for the one
 * before.
 */
final class HeadStart implements ApplicationContextInitializer<GenericApplicationContext> {

  private static final String CLIENT = "kubernetesClient";
  private static final String WEBHOOK = "csi-clone.webhook";

  /** Daemons: a start that fails is to end the process. */
  private static final Executor ASIDE =
      task -> Thread.ofPlatform().daemon().name("head-start").start(task);

  /** Begun when this is made, for it takes no setting. */
  private final CompletableFuture<KubernetesClient> client;

  private final Clock clock;

  HeadStart() {
    this(ClusterClient::make, Clock.systemUTC());
  }

  HeadStart(Supplier<KubernetesClient> client, Clock clock) {
    this.client = CompletableFuture.supplyAsync(client, ASIDE);
    this.clock = clock;
  }

  @Override
  public void initialize(GenericApplicationContext context) {
    Binder settings = Binder.get(context.getEnvironment());
    var webhook =
        CompletableFuture.supplyAsync(
            () -> settings.bind(WEBHOOK, WebhookProperties.class).get(), ASIDE);
    var certificates =
        webhook.thenCombine(
            client, (properties, known) -> certificates(settings, properties, known));
    var facts =
        webhook.thenCombineAsync(
            client,
            (properties, known) -> ClusterFacts.watchForAdmission(known, properties.patience()),
            ASIDE);
    if (!context.containsBeanDefinition(CLIENT)) {
      context.registerBean(CLIENT, KubernetesClient.class, () -> outcome(client));
    }
    context.registerBean("clusterFacts", ClusterFacts.class, () -> outcome(facts));
    context.registerBean(
        "servingCertificates", ServingCertificates.class, () -> outcome(certificates));
  }

  private ServingCertificates certificates(
      Binder settings, WebhookProperties webhook, KubernetesClient client) {
    var certificates =
        new ServingCertificates(
            client,
            webhook,
            settings.bind(WEBHOOK + ".certificate", CertificateProperties.class).get(),
            settings.bind(WEBHOOK + ".client-certificate", ClientCertificateProperties.class).get(),
            clock);
    certificates.begin();
    return certificates;
  }

  /** What went wrong aside is told as if it had happened here. */
  private static <T> T outcome(CompletableFuture<T> future) {
    try {
      return future.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException reason) {
        throw reason;
      }
      throw e;
    }
  }
}
