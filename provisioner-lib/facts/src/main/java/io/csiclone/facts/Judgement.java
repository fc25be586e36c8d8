package io.csiclone.facts;

import io.csiclone.rules.CloneFacts;
import io.csiclone.rules.Verdict;

/**
 * What was found about a clone, and what is made of it.
 *
 * @param facts what the verdict rests on
 * @param verdict whether the clone may be, and why not
 */
public record Judgement(CloneFacts facts, Verdict verdict) {}
