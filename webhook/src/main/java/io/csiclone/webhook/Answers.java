package io.csiclone.webhook;

import io.csiclone.rules.Finding;
import io.csiclone.rules.RuleCode;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Writes decisions as the API server reads them, field by field: a mapper for the model's classes
 * takes several times as long.
 */
final class Answers {

  /** Names come from users and may be of any length; a message is not. */
  private static final int LONGEST_TEXT = 1_000;

  /** What the API server is told of most claims, and of what is no claim of ours. */
  private final Frame admitted = Frame.around(uid -> admission(uid, true));

  private final Frame ignored = Frame.around(uid -> admission(uid, false));

  byte[] write(AdmissionAttempt attempt, Decision decision) {
    if (decision instanceof Decision.Allowed
        && decision.warnings().isEmpty()
        && decision.basis().warnedOf().isEmpty()
        && Frame.takes(attempt.uid())) {
      return (attempt.claim() == null ? ignored : admitted).with(attempt.uid());
    }
    return write(attempt.uid(), attempt.claim(), decision);
  }

  private static byte[] admission(String uid, boolean ofClaim) {
    return write(uid, ofClaim ? new PersistentVolumeClaim() : null, Decision.ALLOWED);
  }

  private static byte[] write(
      String uid, @Nullable PersistentVolumeClaim claim, Decision decision) {
    // Text first: a name may hold half a character, which only the way to bytes mends.
    var json = new JsonWriter();
    json.startObject();
    json.property("apiVersion", Reviews.API_VERSION);
    json.property("kind", Reviews.KIND);
    json.name("response").startObject();
    boolean allowed = decision instanceof Decision.Allowed || decision instanceof Decision.Patched;
    json.name("allowed").bare(allowed ? "true" : "false");
    if (claim != null) {
      audit(json, decision);
    }
    switch (decision) {
      case Decision.Allowed _ -> {}
      case Decision.Patched patched -> {
        json.property("patch", base64(patch(patched.patch())));
        json.property("patchType", "JSONPatch");
      }
      case Decision.Denied denied -> refusal(json, claim, denied.findings());
      case Decision.Unjudged unjudged ->
          status(json, 503, "ServiceUnavailable", clip(unjudged.message()));
    }
    json.property("uid", uid);
    if (!decision.warnings().isEmpty()) {
      json.name("warnings").startArray();
      for (var warning : decision.warnings()) {
        json.string(clip(warning));
      }
      json.endArray();
    }
    json.endObject();
    json.endObject();
    return json.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** What the audit log keeps of a claim with a data source; the server adds the hook's name. */
  private static void audit(JsonWriter json, Decision decision) {
    json.name("auditAnnotations").startObject();
    if (decision instanceof Decision.Denied denied) {
      json.property("codes", ids(denied.findings().stream().map(Finding::code).toList()));
    }
    var verdict =
        switch (decision) {
          case Decision.Allowed _ -> "allowed";
          case Decision.Patched _ -> "patched";
          case Decision.Denied _ -> "denied";
          case Decision.Unjudged _ -> "unjudged";
        };
    json.property("verdict", verdict);
    var warnedOf = decision.basis().warnedOf();
    if (!warnedOf.isEmpty()) {
      json.property("warned", ids(warnedOf));
    }
    json.endObject();
  }

  private static String ids(List<RuleCode> codes) {
    return codes.stream().map(RuleCode::id).distinct().collect(Collectors.joining(","));
  }

  private static void refusal(
      JsonWriter json, @Nullable PersistentVolumeClaim claim, List<Finding> findings) {
    json.name("status").startObject();
    json.name("code").bare("403");
    json.name("details").startObject();
    json.name("causes").startArray();
    for (var finding : findings) {
      json.startObject();
      json.property("field", finding.field());
      json.property("message", clip(finding.message()));
      json.property("reason", finding.code().id());
      json.endObject();
    }
    json.endArray();
    json.property("kind", "persistentvolumeclaims");
    var name = claim == null ? null : claim.getMetadata().getName();
    if (name != null) {
      json.property("name", name);
    }
    json.endObject();
    rest(
        json,
        findings.getFirst().code().id(),
        findings.stream().map(Answers::text).collect(Collectors.joining("\n")));
  }

  private static void status(JsonWriter json, int code, String reason, String message) {
    json.name("status").startObject();
    json.name("code").bare(Integer.toString(code));
    rest(json, reason, message);
  }

  private static void rest(JsonWriter json, String reason, String message) {
    json.property("apiVersion", "v1");
    json.property("kind", "Status");
    json.property("message", message);
    json.property("reason", reason);
    json.property("status", "Failure");
    json.endObject();
  }

  private static String patch(List<PatchOperation> operations) {
    var json = new JsonWriter();
    json.startArray();
    for (var operation : operations) {
      json.startObject();
      json.property("op", operation.op());
      json.property("path", operation.path());
      if (operation.value() != null) {
        json.name("value").tree(operation.value());
      }
      json.endObject();
    }
    json.endArray();
    return json.toString();
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

  /** An answer that has been written once and differs in the uid alone. */
  private record Frame(byte[] before, byte[] after) {

    private static final String PLACE = "UID";

    static Frame around(Function<String, byte[]> answer) {
      var text = new String(answer.apply(PLACE), StandardCharsets.UTF_8);
      int at = text.indexOf(PLACE);
      return new Frame(
          text.substring(0, at).getBytes(StandardCharsets.UTF_8),
          text.substring(at + PLACE.length()).getBytes(StandardCharsets.UTF_8));
    }

    /** Whether this uid stands in JSON as it is. */
    static boolean takes(String uid) {
      for (int i = 0; i < uid.length(); i++) {
        char each = uid.charAt(i);
        if (each < ' ' || each > '~' || each == '"' || each == '\\') {
          return false;
        }
      }
      return true;
    }

    byte[] with(String uid) {
      var whole = Arrays.copyOf(before, before.length + uid.length() + after.length);
      System.arraycopy(
          uid.getBytes(StandardCharsets.US_ASCII), 0, whole, before.length, uid.length());
      System.arraycopy(after, 0, whole, before.length + uid.length(), after.length);
      return whole;
    }
  }
}
