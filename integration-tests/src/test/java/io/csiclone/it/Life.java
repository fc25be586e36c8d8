package io.csiclone.it;

import io.csiclone.testkit.ApiCall;
import io.csiclone.testkit.EmbeddedControlPlane;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * All that a part does on a control plane, which grants it certain rights and remembers what it
 * asked for.
 */
abstract class Life implements AutoCloseable {

  /** Something did not come about. */
  static final class Trouble extends Exception {
    private static final long serialVersionUID = 1L;

    Trouble(String what) {
      super(what);
    }
  }

  /** For each thing; generous, as the machine may be busy. */
  private static final Duration PATIENCE = Duration.ofSeconds(45);

  /** The same once a call was refused. What is retried by itself is so within seconds. */
  private static final Duration PATIENCE_AFTER_REFUSAL = Duration.ofSeconds(8);

  private final Queue<ApiCall> calls = new ConcurrentLinkedQueue<>();
  private final Queue<ApiCall> refused = new ConcurrentLinkedQueue<>();
  private final String user;
  private final Predicate<ApiCall> rights;
  private final EmbeddedControlPlane plane;

  /**
   * Starts the control plane.
   *
   * @param user the part's bearer token
   * @param rights what it may do
   */
  Life(
      String user,
      Predicate<ApiCall> rights,
      UnaryOperator<EmbeddedControlPlane.Builder> controlPlane) {
    this.user = user;
    this.rights = rights;
    this.plane =
        controlPlane.apply(EmbeddedControlPlane.builder()).authorizer(this::isAllowed).start();
  }

  private boolean isAllowed(ApiCall call) {
    if (!call.user().equals(user)) {
      return true;
    }
    calls.add(call);
    boolean allowed = rights.test(call);
    if (!allowed) {
      refused.add(call);
    }
    return allowed;
  }

  /**
   * Goes through it all.
   *
   * @param chart the part's rendered chart
   * @throws Trouble at the first thing that does not come about
   */
  abstract void run(List<HasMetadata> chart) throws Exception;

  /** All that the part has asked of the API server. */
  final List<ApiCall> calls() {
    return List.copyOf(calls);
  }

  /** What of it was not allowed. */
  final List<ApiCall> refused() {
    return List.copyOf(refused);
  }

  final EmbeddedControlPlane plane() {
    return plane;
  }

  /** A client with all rights. */
  final KubernetesClient admin() {
    return plane.client();
  }

  final void eventually(String what, Callable<Boolean> condition) throws Exception {
    long start = System.nanoTime();
    while (!condition.call()) {
      var patience = refused.isEmpty() ? PATIENCE : PATIENCE_AFTER_REFUSAL;
      if (System.nanoTime() - start > patience.toNanos()) {
        throw new Trouble("not within " + patience + ": " + what + "; refused: " + refused);
      }
      Thread.sleep(50);
    }
  }

  @Override
  public void close() {
    plane.close();
  }
}
