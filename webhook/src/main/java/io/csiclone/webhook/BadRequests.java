package io.csiclone.webhook;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Answers whatever is not a review with one sentence of plain text. */
final class BadRequests {

  private final Map<Integer, Counter> counters;

  BadRequests(MeterRegistry metrics) {
    this.counters =
        Stream.of(400, 404, 405, 413, 415, 500)
            .collect(
                Collectors.toMap(
                    Function.identity(),
                    status ->
                        Counter.builder("csi_clone.bad.requests")
                            .description("Requests that were no review, and own faults (500).")
                            .tag("status", status.toString())
                            .register(metrics)));
  }

  void answer(HttpServletResponse response, BadReviewException why) throws IOException {
    var counter = counters.get(why.status());
    if (counter != null) {
      counter.increment();
    }
    response.setStatus(why.status());
    if (why.status() == HttpServletResponse.SC_METHOD_NOT_ALLOWED) {
      response.setHeader("Allow", "POST");
    }
    response.setContentType("text/plain");
    var sentence = (why.sentence() + "\n").getBytes(StandardCharsets.UTF_8);
    response.setContentLength(sentence.length);
    response.getOutputStream().write(sentence);
  }
}
