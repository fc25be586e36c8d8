package io.csiclone.csi;

import io.csiclone.copy.CopyException;
import io.csiclone.copy.CopyFailure;
import io.grpc.Status;

/**
 * The one place where outcomes become gRPC status codes. Callers decide by the code whether to
 * retry, to reschedule or to give up, so a code is part of the contract (CSI specification 1.12,
 * "Error Scheme").
 */
final class StatusTable {

  private StatusTable() {}

  /** What a backend's or the copy engine's exception means to the caller. */
  static Refusal refusal(Throwable thrown, String operation) {
    return switch (thrown) {
      case Refusal refusal -> refusal;
      case BackendException e -> new Refusal(reason(e.reason()), text(e, operation));
      case CopyException e -> new Refusal(reason(e.failure()), text(e, operation));
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

  static Refusal.Reason reason(CopyFailure failure) {
    return switch (failure) {
      case NO_SPACE -> Refusal.Reason.EXHAUSTED;
      case TARGET_IN_USE -> Refusal.Reason.PRECONDITION;
      // Nothing is wrong with the clone: it goes on with the next start.
      case ENGINE_CLOSED -> Refusal.Reason.PENDING;
      // The endpoints are the backend's; what is wrong with them is no fault of the caller.
      case NATIVE_ACCESS_DENIED,
          NOT_FOUND,
          NOT_FILE_OR_BLOCK_DEVICE,
          SYMBOLIC_LINK,
          SOURCE_UNREADABLE,
          TARGET_READ_ONLY,
          TARGET_SMALLER,
          SAME_AS_SOURCE,
          SOURCE_NOT_THE_SAME,
          JOURNAL_UNUSABLE,
          SOURCE_CHANGED,
          IO_ERROR,
          VERIFICATION_FAILED,
          INTERNAL ->
          Refusal.Reason.FAILED;
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
