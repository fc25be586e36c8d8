package io.csiclone.webhook;

import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

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

  private static final JsonFactory JSON = new JsonFactory();

  private static final Members REVIEW = Members.of("kind", "apiVersion", "request");
  private static final Members REQUEST =
      Members.of(
          "uid",
          "kind",
          "subResource",
          "namespace",
          "operation",
          "userInfo",
          "object",
          "oldObject");
  private static final Members KIND_OF_OBJECT = Members.of("group", "version", "kind");
  private static final Members USER = Members.of("username");

  private final boolean origin;

  private Reviews(boolean origin) {
    this.origin = origin;
  }

  /** Of claims as they were written: who named the storage class matters. */
  static Reviews ofWritten() {
    return new Reviews(true);
  }

  /** Of claims as they would be stored, whoever named what. */
  static Reviews ofStored() {
    return new Reviews(false);
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
    return attempt(bytes);
  }

  private static BadReviewException tooLarge() {
    return new BadReviewException(
        413, "The body is larger than the %d bytes that are accepted.".formatted(LARGEST_BODY));
  }

  private AdmissionAttempt attempt(byte[] bytes) {
    if (!beginsLikeAnObject(bytes)) {
      throw new BadReviewException(400, "The body is not a JSON object.");
    }
    var review = new Review();
    try (var json = JSON.createParser(ObjectReadContext.empty(), bytes)) {
      json.nextToken();
      review(json, review);
      if (json.nextToken() != null) {
        throw new IllegalArgumentException("more than an object");
      }
    } catch (JacksonException | IllegalArgumentException e) {
      // The reader's own message quotes the body.
      throw new BadReviewException(400, "The body is not valid JSON.");
    }
    return attempt(review);
  }

  /** What was read so far; its members come in any order. */
  private static final class Review {
    String kind = "";
    String apiVersion = "";
    @Nullable Request request;
  }

  private static final class Request {
    String uid = "";
    String namespace = "";
    String operation = "";
    String subResource = "";
    String user = "";
    boolean aboutClaim;
    @Nullable ClaimParser object;
    @Nullable ClaimParser oldObject;
  }

  private void review(JsonParser json, Review review) {
    for (var member = REVIEW.next(json); member != null; member = REVIEW.next(json)) {
      switch (member) {
        case "kind" -> review.kind = Members.text(json);
        case "apiVersion" -> review.apiVersion = Members.text(json);
        default -> review.request = Members.entered(json) ? request(json) : null;
      }
    }
  }

  private Request request(JsonParser json) {
    var request = new Request();
    for (var member = REQUEST.next(json); member != null; member = REQUEST.next(json)) {
      switch (member) {
        case "uid" -> request.uid = Members.text(json);
        case "kind" -> request.aboutClaim = isClaim(json);
        case "subResource" -> request.subResource = Members.text(json);
        case "namespace" -> request.namespace = Members.text(json);
        case "operation" -> request.operation = Members.text(json);
        case "userInfo" -> request.user = user(json);
        case "object" -> request.object = ClaimParser.read(json, origin);
        default -> request.oldObject = ClaimParser.read(json, false);
      }
    }
    return request;
  }

  private static boolean isClaim(JsonParser json) {
    if (!Members.entered(json)) {
      return false;
    }
    String group = "";
    String version = "";
    String kind = "";
    for (var member = KIND_OF_OBJECT.next(json);
        member != null;
        member = KIND_OF_OBJECT.next(json)) {
      switch (member) {
        case "group" -> group = Members.text(json);
        case "version" -> version = Members.text(json);
        default -> kind = Members.text(json);
      }
    }
    return group.isEmpty() && version.equals("v1") && kind.equals("PersistentVolumeClaim");
  }

  private static String user(JsonParser json) {
    String name = "";
    if (Members.entered(json)) {
      while (USER.next(json) != null) {
        name = Members.text(json);
      }
    }
    return name;
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

  private static AdmissionAttempt attempt(Review review) {
    if (!KIND.equals(review.kind)) {
      throw new BadReviewException(400, "The kind of the body is not AdmissionReview.");
    }
    if (!API_VERSION.equals(review.apiVersion)) {
      throw new BadReviewException(
          400, "The apiVersion of the AdmissionReview is not " + API_VERSION + ".");
    }
    var request = review.request;
    if (request == null) {
      throw new BadReviewException(400, "The AdmissionReview has no request.");
    }
    if (request.uid.isBlank()) {
      throw new BadReviewException(400, "The request of the AdmissionReview has no uid.");
    }
    // It comes back in the answer and goes into the log.
    if (!isUid(request.uid)) {
      throw new BadReviewException(400, "The uid of the request is not a uid.");
    }
    if (request.aboutClaim && request.subResource.isEmpty()) {
      if (request.operation.equals("UPDATE") && assignsClass(request)) {
        return new AdmissionAttempt(request.uid, request.namespace, claim(request), request.user);
      }
      if (request.operation.equals("CREATE")) {
        return new AdmissionAttempt(request.uid, request.namespace, claim(request), null);
      }
    }
    return new AdmissionAttempt(request.uid, request.namespace, null, null);
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
  private static boolean assignsClass(Request request) {
    return request.oldObject != null
        && request.oldObject.lacksClass()
        && request.object != null
        && request.object.hasClassButNoVolume();
  }

  private static @Nullable WrittenClaim claim(Request request) {
    var object = request.object;
    if (object == null) {
      throw new BadReviewException(400, "The request creates a claim but has no object.");
    }
    if (!object.namesDataSource()) {
      return null;
    }
    if (request.namespace.isEmpty()) {
      throw new BadReviewException(400, "The request is about a claim but has no namespace.");
    }
    try {
      return object.claim(request.namespace);
    } catch (IllegalArgumentException e) {
      throw new BadReviewException(
          400, "The object of the request is not a PersistentVolumeClaim of v1.");
    }
  }
}
