package io.csiclone.testkit;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A Kubernetes control plane inside this process, for tests of drivers and admission webhooks: an
 * API server over real HTTP on a random port of the loopback interface, which calls admission
 * webhooks over real TLS, and the slice of the controller manager that asks provisioners for
 * volumes and binds them.
 *
 * <p>What it does like a real server: optimistic locking, watches without gaps, status as a
 * subresource, finalizers, the DefaultStorageClass plugin with {@code managedFields}, mutating and
 * validating webhooks with their rules, selectors, timeouts and failure policies, warnings, dry
 * run, rights if a test brings an authorizer. What it does not do: authentication, server-side
 * apply, custom resource schemas, {@code matchConditions}, garbage collection, pods. Namespaces
 * need not be created.
 */
public final class EmbeddedControlPlane implements AutoCloseable {

  private final ApiServer server;
  private final WebhookCalls webhooks;
  private final URI url;
  private final Path folder;
  private final KubernetesClient client;
  private final @Nullable ClaimBinder binder;

  private EmbeddedControlPlane(Builder options) throws IOException {
    ObjectStore store = new ObjectStore();
    options.objects.get().forEach(object -> new GivenObject(object).putInto(store));
    webhooks = new WebhookCalls(options.services);
    server =
        new ApiServer(
            store,
            new Registry(store, new Admission(store, webhooks), options.crossNamespaceDataSources),
            options.authorizer);
    url = server.start();
    folder = Files.createTempDirectory("csi-clone-control-plane-");
    Files.writeString(folder.resolve("kubeconfig"), kubeconfigText(url));
    client = newClient(url);
    binder = options.claimBinder ? new ClaimBinder(client) : null;
  }

  /** Starts a control plane with everything on. */
  public static EmbeddedControlPlane start() {
    return builder().start();
  }

  /** Options, for tests that need something else than {@link #start()}. */
  public static Builder builder() {
    return new Builder();
  }

  /** A client with all rights, in namespace {@code default}. Closed together with this. */
  public KubernetesClient client() {
    return client;
  }

  /** A kubeconfig file through which other processes get in; removed on close. */
  public Path kubeconfig() {
    return folder.resolve("kubeconfig");
  }

  /** Where the API server listens, for instance {@code http://127.0.0.1:40123}. */
  public URI url() {
    return url;
  }

  /**
   * Ends every watch that is open, as a server that restarts does. Clients may watch again at once,
   * unless the {@linkplain Builder#authorizer authorizer} keeps them from it.
   */
  public void cutWatches() {
    server.cutWatches();
  }

  /** Ends everything; open watches of other processes are cut. May be called again. */
  @Override
  public void close() {
    if (binder != null) {
      binder.close();
    }
    client.close();
    server.close();
    webhooks.close();
    try {
      Files.deleteIfExists(kubeconfig());
      Files.deleteIfExists(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static KubernetesClient newClient(URI url) {
    Config config =
        new ConfigBuilder(Config.empty())
            .withMasterUrl(url.toString())
            .withNamespace("default")
            .withUserAgent("kubectl")
            .withOnlyHttpWatches(true)
            // A test sees the first answer; a client of its own may retry as it likes.
            .withRequestRetryBackoffLimit(0)
            .build();
    return new KubernetesClientBuilder().withConfig(config).build();
  }

  private static String kubeconfigText(URI url) {
    return """
    apiVersion: v1
    kind: Config
    clusters:
    - name: embedded
      cluster:
        server: %s
    contexts:
    - name: embedded
      context:
        cluster: embedded
        user: anyone
        namespace: default
    users:
    - name: anyone
      user: {}
    current-context: embedded
    """
        .formatted(url);
  }

  /** How a control plane is to be. */
  public static final class Builder {
    private final Map<String, InetSocketAddress> services = new HashMap<>();
    private Supplier<? extends Stream<? extends HasMetadata>> objects = Stream::empty;
    private boolean claimBinder = true;
    private boolean crossNamespaceDataSources;
    private Predicate<ApiCall> authorizer = call -> true;

    private Builder() {}

    /**
     * Where the server finds the service that a webhook configuration names, as there is no cluster
     * network. The certificate must still be one for {@code name.namespace.svc}.
     */
    public Builder webhookService(String namespace, String name, InetSocketAddress address) {
      services.put(namespace + "/" + name, address);
      return this;
    }

    /**
     * Objects that are there from the beginning exactly as given, status included: no admission, no
     * defaults. For clusters that are large or that have a past.
     */
    public Builder objects(Supplier<? extends Stream<? extends HasMetadata>> given) {
      objects = given;
      return this;
    }

    /** Without it claims stay as they are; for tests that bind them by hand. Default: with. */
    public Builder claimBinder(boolean on) {
      claimBinder = on;
      return this;
    }

    /**
     * The feature gate CrossNamespaceVolumeDataSource. Default: off, as on real servers; then a
     * {@code dataSourceRef} with a namespace is dropped without a word after the mutating webhooks.
     */
    public Builder crossNamespaceDataSources(boolean on) {
      crossNamespaceDataSources = on;
      return this;
    }

    /**
     * Decides who may do what, and sees what is done; what it does not allow is answered with 403.
     * The user is the bearer token that a client sends, taken at its word; {@link #client()} and
     * the claim binder send none. Default: everybody may do everything.
     */
    public Builder authorizer(Predicate<ApiCall> decision) {
      authorizer = decision;
      return this;
    }

    /** Starts it; it serves when this returns. */
    public EmbeddedControlPlane start() {
      try {
        return new EmbeddedControlPlane(this);
      } catch (IOException e) {
        throw new UncheckedIOException("the control plane did not start", e);
      }
    }
  }
}
