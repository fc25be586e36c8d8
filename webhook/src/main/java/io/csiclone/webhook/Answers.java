package io.csiclone.webhook;

import io.csiclone.rules.Finding;
import io.csiclone.rules.RuleCode;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/**
 * Writes decisions as the API server reads them, field by field: a mapper for the model's classes
 * takes several times as long.
 */
final class Answers {

  /** Names come from users and may be of any length; a message is not. */
  private static final int LONGEST_TEXT = 1_000;

  private static final int USUAL_LENGTH = 512;

  /** More classes than a cluster has; the answers for others are written each time. */
  private static final int MOST_CLASSES = 100;

  private static final JsonFactory JSON = new JsonFactory();

  /** What the API server is told of most claims, and of what is no claim of ours. */
  private final Frame admitted = Frame.of(admission(Frame.UID, true));

  private final Frame ignored = Frame.of(admission(Frame.UID, false));

  /** What claims are told that get their class from their source, by what is patched. */
  private final Map<String, Frame> filledIn = new ConcurrentHashMap<>();

  byte[] write(AdmissionAttempt attempt, Decision decision) {
    var uid = attempt.uid();
    var warnings = decision.warnings();
    if (Frame.takes(uid) && decision.basis().warnedOf().isEmpty()) {
      if (decision instanceof Decision.Allowed && warnings.isEmpty()) {
        return (attempt.claim() == null ? ignored : admitted).with(uid);
      }
      if (decision instanceof Decision.Patched patched
          && warnings.size() == 1
          && Frame.takes(warnings.getFirst())) {
        var frame = filledIn(patched.patch());
        if (frame != null) {
          return frame.with(uid, warnings.getFirst());
        }
      }
    }
    return write(uid, attempt.model(), decision);
  }

  private @Nullable Frame filledIn(List<PatchOperation> patch) {
    if (patch.size() != 1 || !(patch.getFirst().value() instanceof String value)) {
      return null;
    }
    var operation = patch.getFirst();
    // As a key the operation itself would cost more than all the rest of the answer.
    var key = operation.op() + operation.path() + " " + value;
    var known = filledIn.get(key);
    if (known != null || filledIn.size() >= MOST_CLASSES) {
      return known;
    }
    var decision = new Decision.Patched(patch, List.of(Frame.WARNING));
    var made = Frame.of(write(Frame.UID, new PersistentVolumeClaim(), decision));
    filledIn.put(key, made);
    return made;
  }

  private static byte[] admission(String uid, boolean ofClaim) {
    return write(uid, ofClaim ? new PersistentVolumeClaim() : null, Decision.ALLOWED);
  }

  private static byte[] write(
      String uid, @Nullable PersistentVolumeClaim claim, Decision decision) {
    // Text first: a name may hold half a character, which only the way to bytes mends.
    var text = new StringWriter(USUAL_LENGTH);
    try (var json = JSON.createGenerator(ObjectWriteContext.empty(), text)) {
      json.writeStartObject();
      json.writeStringProperty("apiVersion", Reviews.API_VERSION);
      json.writeStringProperty("kind", Reviews.KIND);
      json.writeObjectPropertyStart("response");
      boolean allowed =
          decision instanceof Decision.Allowed || decision instanceof Decision.Patched;
      json.writeBooleanProperty("allowed", allowed);
      if (claim != null) {
        audit(json, decision);
      }
      switch (decision) {
        case Decision.Allowed _ -> {}
        case Decision.Patched patched -> {
          json.writeStringProperty("patch", base64(patch(patched.patch())));
          json.writeStringProperty("patchType", "JSONPatch");
        }
        case Decision.Denied denied -> refusal(json, claim, denied.findings());
        case Decision.Unjudged unjudged ->
            status(json, 503, "ServiceUnavailable", clip(unjudged.message()));
      }
      json.writeStringProperty("uid", uid);
      if (!decision.warnings().isEmpty()) {
        json.writeArrayPropertyStart("warnings");
        for (var warning : decision.warnings()) {
          json.writeString(clip(warning));
        }
        json.writeEndArray();
      }
      json.writeEndObject();
      json.writeEndObject();
    }
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** What the audit log keeps of a claim with a data source; the server adds the hook's name. */
  private static void audit(JsonGenerator json, Decision decision) {
    json.writeObjectPropertyStart("auditAnnotations");
    if (decision instanceof Decision.Denied denied) {
      json.writeStringProperty(
          "codes", ids(denied.findings().stream().map(Finding::code).toList()));
    }
    var verdict =
        switch (decision) {
          case Decision.Allowed _ -> "allowed";
          case Decision.Patched _ -> "patched";
          case Decision.Denied _ -> "denied";
          case Decision.Unjudged _ -> "unjudged";
        };
    json.writeStringProperty("verdict", verdict);
    var warnedOf = decision.basis().warnedOf();
    if (!warnedOf.isEmpty()) {
      json.writeStringProperty("warned", ids(warnedOf));
    }
    json.writeEndObject();
  }

  private static String ids(List<RuleCode> codes) {
    return codes.stream().map(RuleCode::id).distinct().collect(Collectors.joining(","));
  }

  private static void refusal(
      JsonGenerator json, @Nullable PersistentVolumeClaim claim, List<Finding> findings) {
    json.writeObjectPropertyStart("status");
    json.writeNumberProperty("code", 403);
    json.writeObjectPropertyStart("details");
    json.writeArrayPropertyStart("causes");
    for (var finding : findings) {
      json.writeStartObject();
      json.writeStringProperty("field", finding.field());
      json.writeStringProperty("message", clip(finding.message()));
      json.writeStringProperty("reason", finding.code().id());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeStringProperty("kind", "persistentvolumeclaims");
    var name = claim == null ? null : claim.getMetadata().getName();
    if (name != null) {
      json.writeStringProperty("name", name);
    }
    json.writeEndObject();
    rest(
        json,
        findings.getFirst().code().id(),
        findings.stream().map(Answers::text).collect(Collectors.joining("\n")));
  }

  private static void status(JsonGenerator json, int code, String reason, String message) {
    json.writeObjectPropertyStart("status");
    json.writeNumberProperty("code", code);
    rest(json, reason, message);
  }

  private static void rest(JsonGenerator json, String reason, String message) {
    json.writeStringProperty("apiVersion", "v1");
    json.writeStringProperty("kind", "Status");
    json.writeStringProperty("message", message);
    json.writeStringProperty("reason", reason);
    json.writeStringProperty("status", "Failure");
    json.writeEndObject();
  }

  private static String patch(List<PatchOperation> operations) {
    var text = new StringWriter();
    try (var json = JSON.createGenerator(ObjectWriteContext.empty(), text)) {
      json.writeStartArray();
      for (var operation : operations) {
        json.writeStartObject();
        json.writeStringProperty("op", operation.op());
        json.writeStringProperty("path", operation.path());
        if (operation.value() != null) {
          json.writeName("value");
          JsonTree.write(json, operation.value());
        }
        json.writeEndObject();
      }
      json.writeEndArray();
    }
    return text.toString();
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

  /**
   * An answer that has been written once and differs in the uid alone, or in that and a warning.
   *
   * @param pieces what stands around them
   */
  private record Frame(List<byte[]> pieces) {

    // They stand in no answer, base64 included.
    static final String UID = "<uid>";
    static final String WARNING = "<warning>";
    private static final Pattern PLACES = Pattern.compile(UID + "|" + WARNING);

    static Frame of(byte[] answer) {
      return new Frame(
          PLACES
              .splitAsStream(new String(answer, StandardCharsets.UTF_8))
              .map(piece -> piece.getBytes(StandardCharsets.UTF_8))
              .toList());
    }

    /** Whether this text stands in JSON as it is. */
    static boolean takes(String text) {
      if (text.length() > LONGEST_TEXT) {
        return false;
      }
      for (int i = 0; i < text.length(); i++) {
        char each = text.charAt(i);
        if (each < ' ' || each > '~' || each == '"' || each == '\\') {
          return false;
        }
      }
      return true;
    }

    /** With these texts between the pieces. */
    byte[] with(String... texts) {
      int length = 0;
      for (var piece : pieces) {
        length += piece.length;
      }
      for (var text : texts) {
        length += text.length();
      }
      var whole = ByteBuffer.allocate(length);
      for (int i = 0; i < pieces.size(); i++) {
        whole.put(pieces.get(i));
        if (i < texts.length) {
          whole.put(texts[i].getBytes(StandardCharsets.US_ASCII));
        }
      }
      return whole.array();
    }
  }
}
