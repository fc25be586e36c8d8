package io.csiclone.rules;

/** What a violated restriction leads to. */
public enum Mode {
  /** The request is refused. */
  DENY,
  /** The request is admitted and the user is warned. */
  WARN,
  /** The restriction is not looked at. */
  OFF
}
