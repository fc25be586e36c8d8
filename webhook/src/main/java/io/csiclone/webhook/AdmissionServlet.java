package io.csiclone.webhook;

import io.csiclone.rules.Finding;
import io.csiclone.webhook.AdmissionMetrics.Hook;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The two addresses that the API server calls, and whatever else is called. A servlet by itself: on
 * its way to a controller a review would cost as much again as reading it.
 */
final class AdmissionServlet extends HttpServlet {
  private static final long serialVersionUID = 1L;

  private static final Logger LOG = LoggerFactory.getLogger(AdmissionServlet.class);
  private static final String JSON = "application/json";

  private final transient AdmissionCore core;
  private final transient Reviews written = Reviews.ofWritten();
  private final transient Reviews stored = Reviews.ofStored();
  private final transient Answers answers;
  private final transient AdmissionMetrics metrics;
  private final transient BadRequests badRequests;

  AdmissionServlet(
      AdmissionCore core, Answers answers, AdmissionMetrics metrics, BadRequests badRequests) {
    this.core = core;
    this.answers = answers;
    this.metrics = metrics;
    this.badRequests = badRequests;
  }

  @Override
  protected void service(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    byte[] answer;
    try {
      answer = answer(request);
    } catch (BadReviewException e) {
      badRequests.answer(response, e);
      return;
    } catch (IOException e) {
      // The client went away or was too slow; whoever is still there reads this.
      LOG.debug("The body of a request was cut off", e);
      badRequests.answer(
          response, new BadReviewException(400, "The body could not be read to its end."));
      return;
    } catch (RuntimeException | Error e) {
      LOG.error("A request failed", e);
      badRequests.answer(response, new BadReviewException(500, "The webhook failed; see its log."));
      return;
    }
    response.setContentType(JSON);
    response.setContentLength(answer.length);
    response.getOutputStream().write(answer);
  }

  /**
   * The body of the answer to a review.
   *
   * @throws BadReviewException for every other request
   */
  byte[] answer(HttpServletRequest request) throws IOException {
    // Without the path's parameters, if it has any.
    return switch (request.getServletPath()) {
      case "/mutate" -> answer(Hook.MUTATE, request, written, core::mutate);
      case "/validate" -> answer(Hook.VALIDATE, request, stored, core::validate);
      default ->
          throw new BadReviewException(
              404, "There is nothing at this path; reviews are answered at /mutate and /validate.");
    };
  }

  private byte[] answer(
      Hook hook,
      HttpServletRequest request,
      Reviews reviews,
      Function<AdmissionAttempt, Decision> decide)
      throws IOException {
    if (!"POST".equals(request.getMethod())) {
      throw new BadReviewException(405, "Reviews are sent by POST.");
    }
    if (!isJson(request.getContentType())) {
      throw new BadReviewException(415, "The Content-Type of a review is application/json.");
    }
    long start = System.nanoTime();
    var attempt = reviews.read(request.getInputStream(), request.getContentLengthLong());
    try {
      var decision = decide.apply(attempt);
      log(hook, attempt, decision);
      var answer = answers.write(attempt, decision);
      metrics.decided(hook, attempt, decision, System.nanoTime() - start);
      return answer;
    } catch (IllegalArgumentException e) {
      // A quantity that is none: the API server would have refused it before asking.
      throw new BadReviewException(400, "The claim cannot be read: " + e.getMessage() + ".");
    }
  }

  /** Whatever its parameters say: JSON is in UTF-8. */
  private static boolean isJson(@Nullable String type) {
    if (type == null || type.equals(JSON)) {
      return type != null;
    }
    int end = type.indexOf(';');
    return (end < 0 ? type : type.substring(0, end)).strip().toLowerCase(Locale.ROOT).equals(JSON);
  }

  private static void log(Hook hook, AdmissionAttempt attempt, Decision decision) {
    var claim = attempt.claim();
    boolean unremarkable =
        decision instanceof Decision.Allowed || decision instanceof Decision.Patched;
    if (unremarkable && decision.basis().unjudged() == null && !LOG.isDebugEnabled()) {
      return;
    }
    if (claim == null) {
      LOG.atDebug()
          .setMessage("Admitted, not a claim with a data source")
          .addKeyValue("uid", attempt.uid())
          .log();
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
    line.addKeyValue("uid", attempt.uid())
        .addKeyValue("webhook", "/" + AdmissionMetrics.label(hook))
        .addKeyValue("namespace", attempt.namespace())
        .addKeyValue("claim", claim.model().getMetadata().getName())
        .log();
  }
}
