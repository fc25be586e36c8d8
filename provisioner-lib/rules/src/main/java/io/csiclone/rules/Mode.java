package io.csiclone.rules;

/** What a violated restriction leads to. */
public enum Mode {
  /** The request is refused. */
  DENY("deny"),
  /** The request is admitted and the user is warned. */
  WARN("warn"),
  /** The restriction is not looked at. */
  OFF("off");

  private final String id;

  Mode(String id) {
    this.id = id;
  }

  /** The mode as it is written in labels and annotations. */
  String id() {
    return id;
  }
}
