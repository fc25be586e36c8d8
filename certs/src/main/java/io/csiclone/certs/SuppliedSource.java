package io.csiclone.certs;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.Informable;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Certificates that somebody else puts into the Secret, and renews. The Secret is only read. */
final class SuppliedSource implements CertificateSource {

  private final SecretStore store;
  private final @Nullable CaBundlePublisher publisher;
  private final Set<ServerName> names;
  private final Clock clock;
  private final Timing timing;

  private String trustedPem = "";

  SuppliedSource(KubernetesClient client, SuppliedOptions options, Clock clock, Timing timing) {
    this.store = new SecretStore(client, options.namespace(), options.secretName());
    String configurations = options.publishTo();
    this.publisher = configurations == null ? null : new CaBundlePublisher(client, configurations);
    this.names = ServerName.parseAll(options.dnsNames());
    this.clock = clock;
    this.timing = timing;
  }

  @Override
  public List<Informable<? extends HasMetadata>> watched() {
    List<Informable<? extends HasMetadata>> watched = new ArrayList<>();
    watched.add(store.resource());
    if (publisher != null) {
      watched.add(publisher.mutating());
      watched.add(publisher.validating());
    }
    return watched;
  }

  @Override
  public Look look() {
    KeyMaterial material = store.read().material();
    String complaint = material == null ? "it does not exist" : complaint(material);
    if (material == null || complaint != null) {
      return Look.unfit(
          "Secret %s cannot be served: %s".formatted(store, complaint), false, timing.retry());
    }
    trustedPem = material.caPem();
    return Look.fit(ServingCertificate.of(material), timing.recheck());
  }

  private @Nullable String complaint(KeyMaterial material) {
    Fault fault = CertificateChecks.faultOfPair(material, names, clock.instant());
    if (fault != null) {
      return fault.reason();
    }
    if (publisher == null) {
      return null;
    }
    if (material.caPem().isBlank()) {
      return "ca.crt is missing, which callers are to be told to trust; add it, or set the caBundle"
          + " of the webhook configurations yourself";
    }
    String distrust = CertificateChecks.distrust(material);
    return distrust == null ? null : "ca.crt does not vouch for tls.crt (" + distrust + ")";
  }

  /** Every replica does so: they all read the same, and what stands there already is left alone. */
  @Override
  public void publish() {
    if (publisher != null && !trustedPem.isEmpty()) {
      publisher.publish(trustedPem);
    }
  }
}
