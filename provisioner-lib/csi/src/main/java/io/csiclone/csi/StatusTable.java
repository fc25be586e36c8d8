package io.csiclone.csi;

import io.csiclone.copy.CopyException;
import io.grpc.Status;
import java.util.regex.Pattern;

/**
 * The one place where outcomes become gRPC status codes. Callers decide by the code whether to
 * retry, to reschedule or to give up, so a code is part of the contract (CSI specification 1.12,
 * "Error Scheme").
 */
final class StatusTable {

  /** The copy engine names errno in its messages. */
  private static final Pattern FULL = Pattern.compile("\\b(ENOSPC|EDQUOT)\\b");

  private StatusTable() {}

  /** What a backend's or the copy engine's exception means to the caller. */
  static Refusal refusal(Throwable thrown, String operation) {
    return switch (thrown) {
      case Refusal refusal -> refusal;
      case BackendException e -> new Refusal(reason(e.reason()), text(e, operation));
      case CopyException e when FULL.matcher(text(e, operation)).find() ->
          new Refusal(Refusal.Reason.EXHAUSTED, text(e, operation));
      case CopyException e -> new Refusal(Refusal.Reason.FAILED, text(e, operation));
      default ->
          new Refusal(
              Refusal.Reason.FAILED,
              operation + " failed unexpectedly; the log of the driver has the cause");
    };
  }

  /** Whether the exception has no entry of its own, so that its trace belongs into the log. */
  static boolean unexpected(Throwable thrown) {
    return !(thrown instanceof Refusal
        || thrown instanceof BackendException
        || thrown instanceof CopyException);
  }

  static Status status(Refusal refusal) {
    return code(refusal.reason()).toStatus().withDescription(refusal.getMessage());
  }

  static Refusal.Reason reason(BackendException.Reason reason) {
    return switch (reason) {
      case OUT_OF_SPACE -> Refusal.Reason.EXHAUSTED;
      case INVALID -> Refusal.Reason.INVALID;
      case IN_USE -> Refusal.Reason.PRECONDITION;
      case NOT_FOUND -> Refusal.Reason.NOT_FOUND;
      case FAILED -> Refusal.Reason.FAILED;
    };
  }

  static Status.Code code(Refusal.Reason reason) {
    return switch (reason) {
      case INVALID -> Status.Code.INVALID_ARGUMENT;
      case NOT_FOUND -> Status.Code.NOT_FOUND;
      case ALREADY_EXISTS -> Status.Code.ALREADY_EXISTS;
      case PENDING -> Status.Code.ABORTED;
      case OUT_OF_RANGE -> Status.Code.OUT_OF_RANGE;
      case EXHAUSTED -> Status.Code.RESOURCE_EXHAUSTED;
      case PRECONDITION -> Status.Code.FAILED_PRECONDITION;
      case FAILED -> Status.Code.INTERNAL;
    };
  }

  private static String text(Throwable thrown, String operation) {
    String message = thrown.getMessage();
    return message == null || message.isBlank() ? operation + " failed" : message;
  }
}
