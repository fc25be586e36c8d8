package io.csiclone.webhook;

import io.csiclone.rules.Finding;
import io.csiclone.rules.RuleCode;
import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.api.model.StatusCause;
import io.fabric8.kubernetes.api.model.admission.v1.AdmissionResponse;
import io.fabric8.kubernetes.api.model.admission.v1.AdmissionReview;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Writes decisions as the API server reads them. */
final class Answers {

  /** Names come from users and may be of any length; a message is not. */
  private static final int LONGEST_TEXT = 1_000;

  private final KubernetesSerialization json;

  Answers(KubernetesSerialization json) {
    this.json = json;
  }

  byte[] write(AdmissionAttempt attempt, Decision decision) {
    var response = new AdmissionResponse();
    response.setUid(attempt.uid());
    if (!decision.warnings().isEmpty()) {
      response.setWarnings(decision.warnings().stream().map(Answers::clip).toList());
    }
    if (attempt.claim() != null) {
      response.setAuditAnnotations(audit(decision));
    }
    switch (decision) {
      case Decision.Allowed _ -> response.setAllowed(true);
      case Decision.Patched patched -> {
        response.setAllowed(true);
        response.setPatchType("JSONPatch");
        response.setPatch(base64(json.asJson(patched.patch())));
      }
      case Decision.Denied denied -> {
        response.setAllowed(false);
        response.setStatus(refusal(attempt, denied.findings()));
      }
      case Decision.Unjudged unjudged -> {
        response.setAllowed(false);
        response.setStatus(
            new StatusBuilder()
                .withStatus("Failure")
                .withCode(503)
                .withReason("ServiceUnavailable")
                .withMessage(clip(unjudged.message()))
                .build());
      }
    }
    var review = new AdmissionReview();
    review.setResponse(response);
    return json.asJson(review).getBytes(StandardCharsets.UTF_8);
  }

  /** What the audit log keeps of a claim with a data source; the server adds the hook's name. */
  private static Map<String, String> audit(Decision decision) {
    var kept = new TreeMap<String, String>();
    switch (decision) {
      case Decision.Allowed _ -> kept.put("verdict", "allowed");
      case Decision.Patched _ -> kept.put("verdict", "patched");
      case Decision.Denied denied -> {
        kept.put("verdict", "denied");
        kept.put("codes", ids(denied.findings().stream().map(Finding::code)));
      }
      case Decision.Unjudged _ -> kept.put("verdict", "unjudged");
    }
    var warnedOf = decision.basis().warnedOf();
    if (!warnedOf.isEmpty()) {
      kept.put("warned", ids(warnedOf.stream()));
    }
    return kept;
  }

  private static String ids(Stream<RuleCode> codes) {
    return codes.map(RuleCode::id).distinct().collect(Collectors.joining(","));
  }

  private static Status refusal(AdmissionAttempt attempt, List<Finding> findings) {
    var claim = attempt.claim();
    return new StatusBuilder()
        .withStatus("Failure")
        .withCode(403)
        .withReason(findings.getFirst().code().id())
        .withMessage(findings.stream().map(Answers::text).collect(Collectors.joining("\n")))
        .withNewDetails()
        .withKind("persistentvolumeclaims")
        .withName(claim == null ? null : claim.getMetadata().getName())
        .withCauses(findings.stream().map(Answers::cause).toList())
        .endDetails()
        .build();
  }

  private static StatusCause cause(Finding finding) {
    return new StatusCause(finding.field(), clip(finding.message()), finding.code().id());
  }

  /** A finding as users read it: the code, then the sentence. */
  static String text(Finding finding) {
    return finding.code().id() + ": " + clip(finding.message());
  }

  private static String clip(String text) {
    return text.length() <= LONGEST_TEXT ? text : text.substring(0, LONGEST_TEXT) + "…";
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }
}
