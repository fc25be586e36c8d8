package io.csiclone.it.forbidden;

import io.csiclone.rules.RuleCode;
import java.lang.foreign.Arena;

/** Seeded: see the package. */
final class ForbiddenImports {

  private ForbiddenImports() {}

  static RuleCode ofAnotherPart() {
    return RuleCode.SOURCE_NOT_FOUND;
  }

  static Arena ofNativeMemory() {
    return Arena.global();
  }
}
