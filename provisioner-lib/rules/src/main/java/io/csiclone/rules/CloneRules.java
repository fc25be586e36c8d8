package io.csiclone.rules;

/** Judges a clone by the restrictions. */
public final class CloneRules {

  private CloneRules() {}

  /** The verdict on the clone that {@code facts} describe, under {@code policy}. */
  public static Verdict judge(CloneFacts facts, RulePolicy policy) {
    throw new UnsupportedOperationException("not written yet");
  }
}
