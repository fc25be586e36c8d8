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
  IS_READY_BEFORE_ITS_COPY(
      "a clone outlasts the deadlines of its callers",
      "a clone is not answered before its copy has ended"),
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
  KEEPS_DELETED_NAMES("a clone deleted while it is made leaves nothing under its name"),
  LISTS_A_PAGE_AGAIN("every volume is listed once, on one page or on many"),
  LISTS_THE_DELETED("a deleted volume is not listed"),
  TAKES_ANY_TOKEN("a token that is none is ABORTED"),
  DESCRIBES_WITHOUT_SOURCE("a clone is described as it was answered"),
  DESCRIBES_THE_UNKNOWN("describing a volume that never was is NOT_FOUND, whatever its id"),
  EXPANDS_IN_WORDS_ONLY("an expanded volume is larger and keeps its bytes"),
  EXPANDS_INTO_EMPTINESS("an expanded volume is larger and keeps its bytes"),
  EXPANDS_EACH_TIME("expanding ten times is expanding once"),
  SHRINKS("an expansion never shrinks a volume"),
  CLONES_AT_THE_FORMER_SIZE("a clone of an expanded volume is as large"),
  EXPANDS_THE_UNKNOWN("expanding a volume that never was is NOT_FOUND, whatever its id"),
  TAKES_SNAPSHOTS_BY_NAME_ONLY("a snapshot keeps the bytes of its moment"),
  FORGETS_THE_SNAPSHOT("a restored volume names its snapshot"),
  TAKES_ANOTHER_SNAPSHOT_EACH_TIME("taking ten times takes one snapshot"),
  IGNORES_ANOTHER_SNAPSHOT_SOURCE("the same snapshot name with another source is ALREADY_EXISTS"),
  TAKES_SNAPSHOTS_OF_NOTHING("a snapshot of a volume that never was is NOT_FOUND"),
  RESTORES_NOTHING("a restore of a snapshot that never was is NOT_FOUND"),
  FAILS_TO_DELETE_AN_UNKNOWN_SNAPSHOT("deleting a snapshot ten times succeeds"),
  LISTS_ALL_SNAPSHOTS("snapshots are listed by id and by source"),
  ABORTS_FIRST_CALLS(
      "a clone of an empty volume is answered by the first call",
      "a restore of an empty volume's snapshot is answered by the first call"),
  NEEDS_A_SIZE("a volume without a required size is made all the same"),
  KEEPS_ITS_ROOM_SECRET("the room left is told without being asked about anything"),
  EXPANDS_TO_NO_SIZE("expanding without an id or a size is INVALID_ARGUMENT"),
  SHORTENS_SNAPSHOT_NAMES("names of snapshots may have 128 bytes"),
  LISTS_DELETED_SNAPSHOTS("a deleted snapshot is not listed"),
  LISTS_A_SNAPSHOT_PAGE_AGAIN("every snapshot is listed once, on one page or on many"),
  HAS_AN_ODD_NAME("the driver's name is written like a domain's"),
  ANNOUNCES_THE_UNKNOWN(
      "what the plugin announces is in the specification",
      "what the controller announces is in the specification",
      "what the node announces is in the specification"),
  HAS_NO_NODE_ID("the node has an id, and a place if places matter"),
  TAKES_ANY_NODE_REQUEST(
      "staging without an id, a path or a capability is INVALID_ARGUMENT",
      "publishing without an id, a path or a capability is INVALID_ARGUMENT",
      "unpublishing without an id or a path is INVALID_ARGUMENT",
      "unstaging without an id or a path is INVALID_ARGUMENT",
      "statistics without an id or a path are INVALID_ARGUMENT",
      "expanding on a node without an id or a path is INVALID_ARGUMENT"),
  MEASURES_THE_UNKNOWN("statistics of a volume that never was are NOT_FOUND, at whatever path"),
  MEASURES_ANYWHERE("statistics are told where the volume is only"),
  EXPANDS_THE_UNKNOWN_ON_THE_NODE(
      "expanding on a node a volume that never was is NOT_FOUND, at whatever path"),
  FAILS_TO_EXPAND_ON_THE_NODE(
      "a volume expanded before it is published has its new size on the node"),
  PUBLISHES_NOTHING(
      "a volume is made where the node is, staged, published and measured",
      "staging and publishing ten times is doing it once",
      "unpublishing removes the target path"),
  STACKS_PUBLICATIONS("staging and publishing ten times is doing it once"),
  KEEPS_TARGETS("unpublishing removes the target path"),
  FAILS_TO_TAKE_BACK_THE_UNKNOWN("what was never on the node is taken back without an error"),
  LETS_MANY_WRITERS_IN("a volume of a single writer is published at one path only"),
  FORGETS_WHAT_IT_HAD(
      "what was there before a kill is there after it",
      "a clone that a kill cut off ends with the bytes of its source",
      "a clone deleted after a kill leaves nothing under its name"),
  KEEPS_HALF_A_CLONE("a clone that a kill cut off ends with the bytes of its source");

  private final List<String> caughtBy;

  Fault(String... caughtBy) {
    this.caughtBy = List.of(caughtBy);
  }

  List<String> caughtBy() {
    return caughtBy;
  }
}
