package io.csiclone.webhook;

import io.csiclone.rules.Finding;
import io.csiclone.webhook.AdmissionMetrics.Hook;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

/** The two addresses that the API server calls. */
@RestController
final class AdmissionController {

  private static final Logger LOG = LoggerFactory.getLogger(AdmissionController.class);

  private final AdmissionCore core;
  private final Reviews reviews;
  private final Answers answers;
  private final AdmissionMetrics metrics;

  AdmissionController(
      AdmissionCore core, Reviews reviews, Answers answers, AdmissionMetrics metrics) {
    this.core = core;
    this.reviews = reviews;
    this.answers = answers;
    this.metrics = metrics;
  }

  @PostMapping(path = "/mutate", consumes = MediaType.APPLICATION_JSON_VALUE)
  ResponseEntity<byte[]> mutate(HttpServletRequest request) throws IOException {
    return answer(Hook.MUTATE, request, core::mutate);
  }

  @PostMapping(path = "/validate", consumes = MediaType.APPLICATION_JSON_VALUE)
  ResponseEntity<byte[]> validate(HttpServletRequest request) throws IOException {
    return answer(Hook.VALIDATE, request, core::validate);
  }

  private ResponseEntity<byte[]> answer(
      Hook hook, HttpServletRequest request, Function<AdmissionAttempt, Decision> decide)
      throws IOException {
    long start = System.nanoTime();
    var attempt = reviews.read(request.getInputStream(), request.getContentLengthLong());
    try (var _ = MDC.putCloseable("uid", attempt.uid())) {
      var decision = decide.apply(attempt);
      log(request.getRequestURI(), attempt, decision);
      var answer = answers.write(attempt, decision);
      metrics.decided(hook, attempt, decision, System.nanoTime() - start);
      return ResponseEntity.ok().contentType(MediaType.APPLICATION_JSON).body(answer);
    } catch (IllegalArgumentException e) {
      // A quantity that is none: the API server would have refused it before asking.
      throw new BadReviewException(400, "The claim cannot be read: " + e.getMessage() + ".");
    }
  }

  private static void log(String path, AdmissionAttempt attempt, Decision decision) {
    var claim = attempt.claim();
    if (claim == null) {
      LOG.debug("Admitted, not a claim with a data source");
      return;
    }
    var unjudged = decision.basis().unjudged();
    var line =
        switch (decision) {
          case Decision.Allowed _ when unjudged != null ->
              LOG.atWarn().setMessage("Admitted unjudged");
          case Decision.Patched _ when unjudged != null ->
              LOG.atWarn().setMessage("Admitted unjudged");
          case Decision.Allowed _ -> LOG.atDebug().setMessage("Admitted");
          case Decision.Patched patched ->
              // The user is told by a warning, the audit log has the patch; a line of log for each
              // would cost as much as all the rest.
              LOG.atDebug()
                  .setMessage("Admitted with changes")
                  .addKeyValue("patch", patched.patch().toString());
          case Decision.Denied denied ->
              LOG.atInfo()
                  .setMessage("Refused")
                  .addKeyValue(
                      "codes",
                      denied.findings().stream()
                          .map(Finding::code)
                          .map(code -> code.id())
                          .collect(Collectors.joining(",")));
          case Decision.Unjudged refused ->
              LOG.atWarn().setMessage("Refused unjudged").addKeyValue("cause", refused.message());
        };
    if (unjudged != null) {
      line = line.addKeyValue("reason", AdmissionMetrics.label(unjudged));
    }
    line.addKeyValue("webhook", path)
        .addKeyValue("namespace", attempt.namespace())
        .addKeyValue("claim", claim.getMetadata().getName())
        .log();
  }
}
