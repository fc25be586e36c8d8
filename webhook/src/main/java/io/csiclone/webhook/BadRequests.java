package io.csiclone.webhook;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.HttpMediaTypeNotSupportedException;
import org.springframework.web.HttpRequestMethodNotSupportedException;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.servlet.NoHandlerFoundException;
import org.springframework.web.servlet.resource.NoResourceFoundException;

/** Answers whatever is not a review with one sentence of plain text. */
@RestControllerAdvice
final class BadRequests {

  private static final Logger LOG = LoggerFactory.getLogger(BadRequests.class);

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

  @ExceptionHandler
  ResponseEntity<String> notAReview(BadReviewException e) {
    return sentence(e.status(), e.sentence());
  }

  @ExceptionHandler
  ResponseEntity<String> wrongType(HttpMediaTypeNotSupportedException e) {
    return sentence(415, "The Content-Type of a review is application/json.");
  }

  @ExceptionHandler
  ResponseEntity<String> wrongMethod(HttpRequestMethodNotSupportedException e) {
    count(405);
    return ResponseEntity.status(405)
        .header(HttpHeaders.ALLOW, "POST")
        .contentType(MediaType.TEXT_PLAIN)
        .body("Reviews are sent by POST.\n");
  }

  @ExceptionHandler({NoResourceFoundException.class, NoHandlerFoundException.class})
  ResponseEntity<String> wrongPath() {
    return sentence(
        404, "There is nothing at this path; reviews are answered at /mutate and /validate.");
  }

  /** The client went away or was too slow; whoever is still there reads this. */
  @ExceptionHandler
  ResponseEntity<String> cutOff(IOException e) {
    LOG.debug("The body of a request was cut off", e);
    return sentence(400, "The body could not be read to its end.");
  }

  @ExceptionHandler
  ResponseEntity<String> ownFault(Exception e) {
    LOG.error("A request failed", e);
    return sentence(HttpStatus.INTERNAL_SERVER_ERROR.value(), "The webhook failed; see its log.");
  }

  private ResponseEntity<String> sentence(int status, String text) {
    count(status);
    return ResponseEntity.status(status).contentType(MediaType.TEXT_PLAIN).body(text + "\n");
  }

  private void count(int status) {
    var counter = counters.get(status);
    if (counter != null) {
      counter.increment();
    }
  }
}
