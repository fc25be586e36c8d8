package io.csiclone.certs;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhook;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhook;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.WebhookClientConfig;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the API server which CA to trust when it calls the webhook. */
final class CaBundlePublisher {
  private static final Logger log = LoggerFactory.getLogger(CaBundlePublisher.class);

  private final KubernetesClient client;
  private final String name;

  // What stands in the configurations, and since when by a clock that cannot be set.
  private String standing = "";
  private long since;

  CaBundlePublisher(KubernetesClient client, String configurationName) {
    this.client = client;
    this.name = configurationName;
  }

  /**
   * Puts the CAs into every entry of both configurations that has others or none.
   *
   * @return false if one of the configurations does not exist yet
   */
  boolean publish(String caPem) {
    boolean stood = standing.equals(caPem);
    // Whatever fails from here on, it has not stood.
    standing = "";
    String bundle = Base64.getEncoder().encodeToString(caPem.getBytes(StandardCharsets.UTF_8));
    MutatingWebhookConfiguration mutating = mutating().get();
    boolean patched = false;
    if (mutating != null) {
      patched |=
          patch(
              mutating(),
              bundle,
              mutating.getWebhooks().stream().map(MutatingWebhook::getName).toList(),
              mutating.getWebhooks().stream().map(MutatingWebhook::getClientConfig).toList());
    }
    ValidatingWebhookConfiguration validating = validating().get();
    if (validating != null) {
      patched |=
          patch(
              validating(),
              bundle,
              validating.getWebhooks().stream().map(ValidatingWebhook::getName).toList(),
              validating.getWebhooks().stream().map(ValidatingWebhook::getClientConfig).toList());
    }
    if (patched || !stood) {
      since = System.nanoTime();
    }
    standing = caPem;
    return mutating != null && validating != null;
  }

  /** How long exactly these CAs are known to have stood in every configuration there is. */
  Duration trustedFor(String caPem) {
    return standing.equals(caPem) ? Duration.ofNanos(System.nanoTime() - since) : Duration.ZERO;
  }

  /** The CAs that callers trust now, each once; those that cannot be read are left out. */
  String published() {
    Set<String> bundles = new LinkedHashSet<>();
    MutatingWebhookConfiguration mutating = mutating().get();
    if (mutating != null) {
      mutating.getWebhooks().forEach(hook -> bundles.add(textOf(hook.getClientConfig())));
    }
    ValidatingWebhookConfiguration validating = validating().get();
    if (validating != null) {
      validating.getWebhooks().forEach(hook -> bundles.add(textOf(hook.getClientConfig())));
    }
    Set<String> certificates = new LinkedHashSet<>();
    for (String bundle : bundles) {
      try {
        for (X509Certificate certificate : Pem.certificates(bundle)) {
          certificates.add(Pem.of(certificate));
        }
      } catch (CertificateException e) {
        log.debug("{}: a caBundle is not readable", name, e);
      }
    }
    return String.join("", certificates);
  }

  private static String textOf(WebhookClientConfig config) {
    String bundle = config.getCaBundle();
    try {
      return bundle == null
          ? ""
          : new String(Base64.getMimeDecoder().decode(bundle), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return "";
    }
  }

  Resource<MutatingWebhookConfiguration> mutating() {
    return client.admissionRegistration().v1().mutatingWebhookConfigurations().withName(name);
  }

  Resource<ValidatingWebhookConfiguration> validating() {
    return client.admissionRegistration().v1().validatingWebhookConfigurations().withName(name);
  }

  private <T extends HasMetadata> boolean patch(
      Resource<T> configuration,
      String bundle,
      List<String> hooks,
      List<WebhookClientConfig> clients) {
    List<Map<String, String>> operations = new ArrayList<>();
    for (int i = 0; i < hooks.size(); i++) {
      if (bundle.equals(clients.get(i).getCaBundle())) {
        continue;
      }
      String entry = "/webhooks/" + i;
      // Entries may have moved since they were read; then the whole patch is refused.
      operations.add(Map.of("op", "test", "path", entry + "/name", "value", hooks.get(i)));
      operations.add(
          Map.of("op", "add", "path", entry + "/clientConfig/caBundle", "value", bundle));
    }
    if (operations.isEmpty()) {
      return false;
    }
    // A patch of the one field: everything else in the object stays whose it is.
    T patched =
        configuration.patch(
            PatchContext.of(PatchType.JSON),
            client.getKubernetesSerialization().asJson(operations));
    log.info(
        "{} {}: CA written into {} of its hooks", patched.getKind(), name, operations.size() / 2);
    return true;
  }
}
