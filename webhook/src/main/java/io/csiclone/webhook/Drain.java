package io.csiclone.webhook;

import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;

/**
 * The time between being told to end and ceasing to answer.
 *
 * <p>A pod is told to end while the cluster still sends it requests: its address is withdrawn at
 * the same time, node by node. So this goes on answering for a while, not ready any more, and lets
 * each connection end with the answer it carries, so that the caller's next request finds another
 * replica.
 */
final class Drain implements SmartLifecycle, Filter {

  private static final Logger LOG = LoggerFactory.getLogger(Drain.class);

  private final Duration period;
  private volatile boolean running;
  private volatile boolean draining;

  Drain(Duration period) {
    this.period = period;
  }

  @Override
  public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    // HTTP/2 has no such header; its connections are told to go when the server stops.
    if (draining
        && !"HTTP/2.0".equals(request.getProtocol())
        && response instanceof HttpServletResponse http) {
      http.setHeader("Connection", "close");
    }
    chain.doFilter(request, response);
  }

  @Override
  public void start() {
    running = true;
  }

  /**
   * Returns when the time is up. Readiness has been taken back before, and the servers are stopped
   * after: this has the phase that is stopped first.
   */
  @Override
  public void stop() {
    draining = true;
    try {
      if (period.isPositive()) {
        LOG.info("Told to end; not ready any more, answering for {} more", period);
        Thread.sleep(period);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      running = false;
    }
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  @Override
  public int getPhase() {
    return Integer.MAX_VALUE;
  }
}
