package io.csiclone.csi;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.copy.CopyException;
import io.csiclone.copy.CopyFailure;
import io.grpc.Status;
import io.grpc.Status.Code;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The code table, row by row: a changed code changes how callers retry. */
class StatusTableTest {

  @ParameterizedTest
  @CsvSource({
    "INVALID, INVALID_ARGUMENT",
    "NOT_FOUND, NOT_FOUND",
    "ALREADY_EXISTS, ALREADY_EXISTS",
    "PENDING, ABORTED",
    "OUT_OF_RANGE, OUT_OF_RANGE",
    "EXHAUSTED, RESOURCE_EXHAUSTED",
    "PRECONDITION, FAILED_PRECONDITION",
    "FAILED, INTERNAL"
  })
  void eachReasonHasItsCode(Refusal.Reason reason, Code code) {
    Status status = StatusTable.status(new Refusal(reason, "why"));
    assertThat(status.getCode()).isEqualTo(code);
    assertThat(status.getDescription()).isEqualTo("why");
  }

  @ParameterizedTest
  @CsvSource({
    "OUT_OF_SPACE, RESOURCE_EXHAUSTED",
    "INVALID, INVALID_ARGUMENT",
    "IN_USE, FAILED_PRECONDITION",
    "NOT_FOUND, NOT_FOUND",
    "FAILED, INTERNAL"
  })
  void whatABackendThrowsHasACodeAndKeepsItsMessage(BackendException.Reason reason, Code code) {
    Status status = statusOf(new BackendException(reason, "the disk is on fire"));
    assertThat(status.getCode()).isEqualTo(code);
    assertThat(status.getDescription()).isEqualTo("the disk is on fire");
  }

  @Test
  void onlyTheTestedReasonsExist() {
    assertThat(Refusal.Reason.values()).hasSize(8);
    assertThat(BackendException.Reason.values()).hasSize(5);
  }

  @ParameterizedTest
  @EnumSource(CopyFailure.class)
  void whatTheCopyEngineThrowsHasACode(CopyFailure failure) {
    Map<CopyFailure, Code> special = new EnumMap<>(CopyFailure.class);
    special.put(CopyFailure.NO_SPACE, Code.RESOURCE_EXHAUSTED);
    special.put(CopyFailure.TARGET_IN_USE, Code.FAILED_PRECONDITION);
    special.put(CopyFailure.ENGINE_CLOSED, Code.ABORTED);
    Status status = statusOf(new CopyException(failure, "/a: pwrite: ENOSPC"));
    assertThat(status.getCode()).isEqualTo(special.getOrDefault(failure, Code.INTERNAL));
    assertThat(status.getDescription()).isEqualTo("/a: pwrite: ENOSPC");
  }

  @Test
  void anythingElseIsInternalAndKeepsItsDetailsToItself() {
    RuntimeException bug = new IllegalStateException("password=hunter2");
    Status status = statusOf(bug);
    assertThat(status.getCode()).isEqualTo(Code.INTERNAL);
    assertThat(status.getDescription())
        .startsWith("CreateVolume failed unexpectedly")
        .doesNotContain("hunter2");
    assertThat(StatusTable.unexpected(bug)).isTrue();
    assertThat(StatusTable.unexpected(Refusal.pending("x"))).isFalse();
  }

  private static Status statusOf(Throwable thrown) {
    return StatusTable.status(StatusTable.refusal(thrown, "CreateVolume"));
  }
}
