package io.csiclone.testkit.conformance;

import java.util.List;

/** What a driver can do wrong, and the checks that must fail on it. */
enum Fault {
  COPIES_NOTHING("a clone holds the bytes of its source"),
  COPIES_HALF("a clone holds the bytes of its source"),
  COPIES_AFTER_ANSWERING("a clone holds the bytes of its source"),
  COPIES_AGAIN("asking again leaves the clone's bytes alone"),
  COPIES_ONCE("two clones made at once both hold the bytes"),
  COPIES_NO_CLONES("a clone can be cloned"),
  IS_READY_BEFORE_ITS_COPY("a clone outlasts the deadlines of its callers"),
  SHARES_STORAGE(
      "a change of the source does not reach the clone",
      "a change of the clone does not reach the source",
      "a clone outlives its source"),
  FORGETS_CONTENT_SOURCE("a clone names its source"),
  MAKES_ANOTHER_EACH_TIME(
      "creating ten times makes one volume",
      "asking ten times makes one clone",
      "callers who ask at once get one clone"),
  REFUSES_RETRIES(
      "asking ten times makes one clone", "a clone outlasts the deadlines of its callers"),
  IGNORES_ANOTHER_SOURCE(
      "the same name with another source is ALREADY_EXISTS",
      "the name of an empty volume with a source is ALREADY_EXISTS",
      "while a clone is made its name is not given to another"),
  IGNORES_A_MISSING_SOURCE("the same name without a source is ALREADY_EXISTS"),
  IGNORES_ANOTHER_SIZE("the same name with another size is ALREADY_EXISTS"),
  IGNORES_THE_MODE("a clone of the other mode is INVALID_ARGUMENT"),
  MAKES_CLONES_OF_NOTHING("a clone of a volume that never was is NOT_FOUND, whatever its id"),
  CUTS_SMALLER_CLONES("a smaller clone is OUT_OF_RANGE"),
  KEEPS_THE_OLD_SIZE("a larger clone really is larger"),
  SHORTENS_NAMES("names of 128 bytes differ in their last byte"),
  FAILS_TO_DELETE_THE_UNKNOWN(
      "deleting ten times succeeds", "deleting a volume that never was succeeds, whatever its id"),
  KEEPS_DELETED_NAMES("a clone deleted while it is made leaves nothing under its name");

  private final List<String> caughtBy;

  Fault(String... caughtBy) {
    this.caughtBy = List.of(caughtBy);
  }

  List<String> caughtBy() {
    return caughtBy;
  }
}
