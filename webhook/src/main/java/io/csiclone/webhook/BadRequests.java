package io.csiclone.webhook;

import java.io.IOException;
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

  private static ResponseEntity<String> sentence(int status, String text) {
    return ResponseEntity.status(status).contentType(MediaType.TEXT_PLAIN).body(text + "\n");
  }
}
