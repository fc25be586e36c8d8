package io.csiclone.webhook;

import io.csiclone.webhook.JsonTree.Unread;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads what the API server sends. Only a claim that names a data source and is being created, or
 * gets its storage class later, is turned into its model; every other object stays unread.
 */
final class Reviews {

  /** An object in etcd is at most 1.5 MiB, and a review holds it at most twice. */
  static final int LARGEST_BODY = 3 << 20;

  static final String API_VERSION = "admission.k8s.io/v1";
  static final String KIND = "AdmissionReview";

  private static final int LONGEST_UID = 128;

  private final Unread unread;

  private Reviews(Unread managedFields, String... annotations) {
    var claim =
        Unread.all("status", "kind", "apiVersion")
            .and(
                "metadata",
                Unread.all("labels", "finalizers", "ownerReferences", "creationTimestamp")
                    .and("annotations", Unread.all(annotations))
                    .and("managedFields", managedFields));
    this.unread =
        Unread.all()
            .and(
                "request",
                Unread.all("resource", "requestKind", "requestResource", "options")
                    .and("userInfo", Unread.all("uid", "groups", "extra"))
                    .and("object", claim)
                    .and("oldObject", claim));
  }

  /** Of claims as they were written: who named what matters, of the fields of the spec. */
  static Reviews ofWritten() {
    var usual =
        Unread.all(
            "f:accessModes", "f:dataSource", "f:dataSourceRef", "f:resources", "f:volumeMode");
    return new Reviews(
        Unread.all("apiVersion", "time", "fieldsType")
            .and("fieldsV1", Unread.all("f:metadata", "f:status").and("f:spec", usual)));
  }

  /** Of claims as they would be stored, whoever named what. */
  static Reviews ofStored() {
    return new Reviews(Unread.ALL, ClassOrigin.LAST_APPLIED);
  }

  /**
   * @param announced the length the client announced, or -1
   * @throws BadReviewException when this is not a review
   */
  AdmissionAttempt read(InputStream body, long announced) throws IOException {
    if (announced > LARGEST_BODY) {
      throw tooLarge();
    }
    // Knowing the length spares buffers; no client's word makes us take more than a body can be.
    var bytes =
        announced < 0 ? body.readNBytes(LARGEST_BODY + 1) : body.readNBytes((int) announced);
    if (bytes.length > LARGEST_BODY) {
      throw tooLarge();
    }
    return attempt(tree(bytes));
  }

  private static BadReviewException tooLarge() {
    return new BadReviewException(
        413, "The body is larger than the %d bytes that are accepted.".formatted(LARGEST_BODY));
  }

  private Map<String, @Nullable Object> tree(byte[] bytes) {
    if (!beginsLikeAnObject(bytes)) {
      throw new BadReviewException(400, "The body is not a JSON object.");
    }
    try {
      return JsonTree.object(bytes, unread);
    } catch (IllegalArgumentException e) {
      // The reader's own message quotes the body.
      throw new BadReviewException(400, "The body is not valid JSON.");
    }
  }

  private static boolean beginsLikeAnObject(byte[] bytes) {
    for (byte each : bytes) {
      if (each == '{') {
        return true;
      }
      if (!Character.isWhitespace(each)) {
        return false;
      }
    }
    return false;
  }

  private static AdmissionAttempt attempt(Map<?, ?> tree) {
    if (!KIND.equals(tree.get("kind"))) {
      throw new BadReviewException(400, "The kind of the body is not AdmissionReview.");
    }
    if (!API_VERSION.equals(tree.get("apiVersion"))) {
      throw new BadReviewException(
          400, "The apiVersion of the AdmissionReview is not " + API_VERSION + ".");
    }
    if (!(tree.get("request") instanceof Map<?, ?> request)) {
      throw new BadReviewException(400, "The AdmissionReview has no request.");
    }
    var uid = text(request.get("uid"));
    if (uid.isBlank()) {
      throw new BadReviewException(400, "The request of the AdmissionReview has no uid.");
    }
    // It comes back in the answer and goes into the log.
    if (!isUid(uid)) {
      throw new BadReviewException(400, "The uid of the request is not a uid.");
    }
    var namespace = text(request.get("namespace"));
    if (!aboutClaim(request)) {
      return new AdmissionAttempt(uid, namespace, null, Map.of());
    }
    if ("UPDATE".equals(request.get("operation"))) {
      return request.get("object") instanceof Map<?, ?> object && assignsClass(request, object)
          ? new AdmissionAttempt(uid, namespace, claim(object, namespace), object, user(request))
          : new AdmissionAttempt(uid, namespace, null, Map.of());
    }
    if (!"CREATE".equals(request.get("operation"))) {
      return new AdmissionAttempt(uid, namespace, null, Map.of());
    }
    if (!(request.get("object") instanceof Map<?, ?> object)) {
      throw new BadReviewException(400, "The request creates a claim but has no object.");
    }
    return new AdmissionAttempt(uid, namespace, claim(object, namespace), object);
  }

  private static boolean isUid(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) < '!' || text.charAt(i) > '~') {
        return false;
      }
    }
    return text.length() <= LONGEST_UID;
  }

  /**
   * Whether a claim that has neither class nor volume gets a class; all else is no matter of ours.
   */
  private static boolean assignsClass(Map<?, ?> request, Map<?, ?> object) {
    return request.get("oldObject") instanceof Map<?, ?> old
        && old.get("spec") instanceof Map<?, ?> before
        && object.get("spec") instanceof Map<?, ?> after
        && before.get("storageClassName") == null
        && after.get("storageClassName") instanceof String
        && text(after.get("volumeName")).isEmpty();
  }

  private static String user(Map<?, ?> request) {
    return request.get("userInfo") instanceof Map<?, ?> user ? text(user.get("username")) : "";
  }

  private static boolean aboutClaim(Map<?, ?> request) {
    return text(request.get("subResource")).isEmpty()
        && request.get("kind") instanceof Map<?, ?> kind
        && text(kind.get("group")).isEmpty()
        && "v1".equals(kind.get("version"))
        && "PersistentVolumeClaim".equals(kind.get("kind"));
  }

  private static @Nullable PersistentVolumeClaim claim(Map<?, ?> object, String namespace) {
    if (!(object.get("spec") instanceof Map<?, ?> spec)
        || (spec.get("dataSource") == null && spec.get("dataSourceRef") == null)) {
      return null;
    }
    if (namespace.isEmpty()) {
      throw new BadReviewException(400, "The request is about a claim but has no namespace.");
    }
    try {
      var claim = RawClaim.model(object);
      claim.getMetadata().setNamespace(namespace);
      return claim;
    } catch (IllegalArgumentException e) {
      throw new BadReviewException(
          400, "The object of the request is not a PersistentVolumeClaim of v1.");
    }
  }

  private static String text(@Nullable Object value) {
    return value instanceof String text ? text : "";
  }
}
