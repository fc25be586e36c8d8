package io.csiclone.webhook;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;

/**
 * Calls replicas in turn, each time over a new connection, as an API server does that hears of a
 * changed {@code caBundle} only after a while.
 */
final class LaggingCaller implements AutoCloseable {

  private record Bundle(long readAt, String pem) {}

  private final Cluster cluster;
  private final List<RunningWebhook> replicas;
  private final Duration lag;
  private final String body;
  private final Deque<Bundle> bundles = new ArrayDeque<>();
  private final Map<String, TrustManager[]> trusts = new ConcurrentHashMap<>();
  private final ScheduledExecutorService ticks = Executors.newScheduledThreadPool(2);
  private final ExecutorService calls = Executors.newVirtualThreadPerTaskExecutor();
  private final Semaphore open = new Semaphore(16);
  private final AtomicInteger turn = new AtomicInteger();
  private final AtomicInteger made = new AtomicInteger();
  private final Map<RunningWebhook, Set<String>> served = new ConcurrentHashMap<>();
  final Collection<String> failures = new ConcurrentLinkedQueue<>();

  /** Reads the bundle once and may call from then on. */
  LaggingCaller(Cluster cluster, List<RunningWebhook> replicas, Duration lag, String body) {
    this.cluster = cluster;
    this.replicas = replicas;
    this.lag = lag;
    this.body = body;
    bundles.add(new Bundle(System.nanoTime(), cluster.publishedPem()));
  }

  /**
   * Calls that often until closed; more rarely on a machine that cannot answer that many, which is
   * not what is looked at here.
   */
  void start(int perSecond) {
    var _ = ticks.scheduleWithFixedDelay(this::read, 50, 50, TimeUnit.MILLISECONDS);
    var _ =
        ticks.scheduleAtFixedRate(
            () -> {
              if (open.tryAcquire()) {
                var _ = calls.submit(this::call);
              }
            },
            0,
            1_000_000 / perSecond,
            TimeUnit.MICROSECONDS);
  }

  int made() {
    return made.get();
  }

  /** How many different certificates that replica has shown. */
  int certificatesOf(RunningWebhook replica) {
    return served.getOrDefault(replica, Set.of()).size();
  }

  private void read() {
    var pem = cluster.publishedPem();
    synchronized (bundles) {
      bundles.addLast(new Bundle(System.nanoTime(), pem));
    }
  }

  /** The newest that is as old as the lag, or the first. */
  private String bundle() {
    var before = System.nanoTime() - lag.toNanos();
    synchronized (bundles) {
      var newest = bundles.getFirst();
      while (!bundles.isEmpty() && bundles.getFirst().readAt() <= before) {
        newest = bundles.removeFirst();
      }
      bundles.addFirst(newest);
      return newest.pem();
    }
  }

  private void call() {
    var replica = replicas.get(turn.getAndIncrement() % replicas.size());
    try {
      var answer = exchange(replica);
      if (!answer.startsWith("HTTP/1.1 200") || !answer.contains("\"allowed\":true")) {
        failures.add("answered " + answer);
      }
    } catch (IOException | RuntimeException e) {
      failures.add(String.valueOf(e));
    }
    made.incrementAndGet();
    open.release();
  }

  private String exchange(RunningWebhook replica) throws IOException {
    var tls = RunningWebhook.tls(trusts.computeIfAbsent(bundle(), RunningWebhook::trust), null);
    var address = replica.admission("/validate?timeout=5s");
    try (var plain = new Socket("localhost", address.getPort());
        var socket =
            (SSLSocket)
                tls.getSocketFactory()
                    .createSocket(plain, address.getHost(), address.getPort(), true)) {
      socket.setSoTimeout(60_000);
      var parameters = socket.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      socket.setSSLParameters(parameters);
      socket.startHandshake();
      served
          .computeIfAbsent(replica, _ -> ConcurrentHashMap.newKeySet())
          .add(String.valueOf(socket.getSession().getPeerCertificates()[0].hashCode()));
      var content = body.getBytes(StandardCharsets.UTF_8);
      var head =
          """
          POST %s HTTP/1.1\r
          Host: localhost\r
          Content-Type: application/json\r
          Content-Length: %d\r
          Connection: close\r
          \r
          """
              .formatted(address.getPath() + "?" + address.getQuery(), content.length);
      var out = socket.getOutputStream();
      out.write(head.getBytes(StandardCharsets.US_ASCII));
      out.write(content);
      out.flush();
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** Waits for the calls that are under way. */
  @Override
  public void close() {
    ticks.shutdownNow();
    calls.close();
  }
}
