package io.csiclone.facts;

import io.csiclone.facts.FactsUnavailableException.Reason;
import io.csiclone.facts.PodPage.Pod;
import io.csiclone.rules.NodeFacts;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.storage.CSIDriver;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * GETs for one question, which together never take longer than its patience, whatever time-outs and
 * retries the client has.
 */
final class LiveLookup implements Lookup {

  /** Pods are large; that many are held at a time. */
  private static final long PAGE = 250;

  private static final Duration SYNC_POLL = Duration.ofMillis(5);

  /** Pods named for a claim at the most. */
  private static final int MOST_NAMED = 10;

  /** What the API server takes as a name; nothing else can exist, or belongs into a path. */
  private static final Pattern NAME = Pattern.compile("[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?");

  private final KubernetesClient client;
  private final ExecutorService threads;
  private final Duration patience;
  private final long deadline;

  LiveLookup(KubernetesClient client, ExecutorService threads, Duration patience) {
    this.client = client;
    this.threads = threads;
    this.patience = patience;
    this.deadline = System.nanoTime() + patience.toNanos();
  }

  @Override
  public Optional<PersistentVolumeClaim> claim(String namespace, String name) {
    return named(
        name,
        "claim " + namespace + "/",
        () -> client.persistentVolumeClaims().inNamespace(namespace).withName(name).get());
  }

  @Override
  public Optional<PersistentVolume> volume(String name) {
    return named(name, "volume ", () -> client.persistentVolumes().withName(name).get());
  }

  @Override
  public Optional<StorageClass> storageClass(String name) {
    return named(
        name, "storage class ", () -> client.storage().v1().storageClasses().withName(name).get());
  }

  @Override
  public Optional<Map<String, String>> labels(String namespace) {
    return named(namespace, "namespace ", () -> client.namespaces().withName(namespace).get())
        .map(found -> found.getMetadata().getLabels());
  }

  @Override
  public Optional<CSIDriver> driver(String name) {
    return named(name, "CSIDriver ", () -> client.storage().v1().csiDrivers().withName(name).get());
  }

  /** The node of that name; nodes are many and change often, so they are never watched. */
  Optional<NodeFacts> node(String name) {
    return get("node " + name, () -> client.nodes().withName(name).get()).map(TopologyReader::node);
  }

  /**
   * Pods that may write to a claim; when there are some, others may go unnamed.
   *
   * @param namespace that of the claim, the only one whose pods are read
   */
  List<String> writers(String namespace, String claim) {
    var writers = new ArrayList<String>();
    pods(
        namespace,
        page -> {
          page.stream()
              .filter(pod -> Writers.writable(pod).contains(claim))
              .forEach(pod -> writers.add(pod.metadata().name()));
          return writers.isEmpty();
        });
    return writers;
  }

  /** Some of the pods that may write to each claim of a namespace. */
  Map<String, List<String>> writers(String namespace) {
    var writers = new HashMap<String, List<String>>();
    pods(
        namespace,
        page -> {
          for (var pod : page) {
            for (var claim : Writers.writable(pod)) {
              var named = writers.computeIfAbsent(claim, _ -> new ArrayList<>());
              if (named.size() < MOST_NAMED) {
                named.add(pod.metadata().name());
              }
            }
          }
          return true;
        });
    return writers;
  }

  /**
   * @param goOn takes a page of pods and tells whether to read the next
   */
  private void pods(String namespace, Predicate<List<Pod>> goOn) {
    String next = null;
    do {
      // Those that have ended are many where jobs run.
      var path =
          "/api/v1/namespaces/%s/pods?fieldSelector=%s&limit=%d%s"
              .formatted(
                  encoded(namespace),
                  encoded("status.phase!=Succeeded,status.phase!=Failed"),
                  PAGE,
                  next == null ? "" : "&continue=" + encoded(next));
      var page = get("the pods of namespace " + namespace, () -> podPage(path)).orElseThrow();
      if (page.items() != null && !goOn.test(page.items())) {
        return;
      }
      next = page.metadata() == null ? null : page.metadata().next();
    } while (next != null && !next.isEmpty());
  }

  private PodPage podPage(String path) {
    var text = client.raw(path);
    return client.getKubernetesSerialization().unmarshal(text == null ? "{}" : text, PodPage.class);
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  /** What is left of the patience. */
  Duration left() {
    return Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
  }

  /** Waits until the caches are filled, as part of the time for this question. */
  void awaitSynced(BooleanSupplier synced) {
    while (!synced.getAsBoolean()) {
      if (System.nanoTime() - deadline >= 0) {
        throw new FactsUnavailableException(
            Reason.CACHE_NOT_SYNCED,
            "the caches were not filled with the cluster's state within %d ms"
                .formatted(patience.toMillis()),
            null);
      }
      try {
        Thread.sleep(SYNC_POLL);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw interrupted("waiting for the caches", e);
      }
    }
  }

  private static FactsUnavailableException interrupted(String at, InterruptedException cause) {
    return new FactsUnavailableException(Reason.SHUTTING_DOWN, "interrupted while " + at, cause);
  }

  /** Asks for an object of that name, unless none can have it. */
  private <T> Optional<T> named(String name, String kind, Supplier<@Nullable T> get) {
    return NAME.matcher(name).matches() ? get(kind + name, get) : Optional.empty();
  }

  private <T> Optional<T> get(String what, Supplier<@Nullable T> get) {
    try {
      var answer = threads.submit(() -> Optional.ofNullable(get.get()));
      try {
        return answer.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      } finally {
        answer.cancel(true);
      }
    } catch (TimeoutException e) {
      throw new FactsUnavailableException(
          Reason.API_SERVER_SLOW,
          "the API server did not answer within %d ms when asked for %s"
              .formatted(patience.toMillis(), what),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw interrupted("reading " + what, e);
    } catch (RejectedExecutionException e) {
      throw new FactsUnavailableException(
          Reason.SHUTTING_DOWN, "shutting down, " + what + " was not read", e);
    } catch (ExecutionException e) {
      throw new FactsUnavailableException(
          Reason.API_SERVER_FAILED,
          "the API server could not be asked for %s (%s)".formatted(what, reason(e.getCause())),
          e);
    }
  }

  private static String reason(@Nullable Throwable failure) {
    if (failure instanceof KubernetesClientException refusal && refusal.getCode() > 0) {
      return "HTTP " + refusal.getCode();
    }
    var root = failure;
    while (root != null && root.getCause() != null) {
      root = root.getCause();
    }
    return root == null ? "unknown" : root.getClass().getSimpleName();
  }
}
