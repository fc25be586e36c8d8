package io.csiclone.csi;

/** A request that is answered with a status instead of a result. Expected, so without a trace. */
final class Refusal extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /**
   * Why, one for each gRPC status code this library answers with; {@link StatusTable} maps them.
   */
  enum Reason {
    /** A field of the request is missing or malformed, or its combination unsupported. */
    INVALID,
    /** The volume, or the source of a clone, does not exist. */
    NOT_FOUND,
    /** The name is taken by a volume that differs from what was asked. */
    ALREADY_EXISTS,
    /** The operation, or another one on this volume, is still running: ask again. */
    PENDING,
    /** The size cannot be made. */
    OUT_OF_RANGE,
    /** No room, or not in the place asked for. */
    EXHAUSTED,
    /** The volume is not in a state that allows it. */
    PRECONDITION,
    /** The storage failed. */
    FAILED
  }

  private final Reason reason;

  Refusal(Reason reason, String message) {
    super(message, null, false, false);
    this.reason = reason;
  }

  /** A refusal that names the field of the request it is about. */
  static Refusal invalid(String field, String what) {
    return new Refusal(Reason.INVALID, field + " " + what);
  }

  /** The volume does not exist; the id is shown clipped, for it can be anything. */
  static Refusal unknownVolume(String volumeId) {
    return new Refusal(Reason.NOT_FOUND, "Volume " + shown(volumeId) + " does not exist");
  }

  /** The snapshot does not exist. */
  static Refusal unknownSnapshot(String snapshotId) {
    return new Refusal(Reason.NOT_FOUND, "Snapshot " + shown(snapshotId) + " does not exist");
  }

  static Refusal pending(String message) {
    return new Refusal(Reason.PENDING, message);
  }

  Reason reason() {
    return reason;
  }

  /** The string as it may stand in a message: printable and short. */
  static String shown(String text) {
    StringBuilder out = new StringBuilder("\"");
    text.codePoints()
        .limit(80)
        .forEach(c -> out.appendCodePoint(Character.isISOControl(c) ? '\uFFFD' : c));
    return out.append(text.codePointCount(0, text.length()) > 80 ? "…\"" : "\"").toString();
  }
}
