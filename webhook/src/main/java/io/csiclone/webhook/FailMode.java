package io.csiclone.webhook;

/** What becomes of a clone that cannot be judged because the cluster does not answer. */
enum FailMode {
  /** It is refused, to be tried again. */
  DENY,
  /** It is admitted unjudged, with a warning. */
  ALLOW
}
