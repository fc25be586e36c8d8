package io.csiclone.rules;

/**
 * One violated restriction.
 *
 * @param code which
 * @param field the field of the clone that would have to change, for instance {@code
 *     spec.storageClassName}
 * @param message one sentence that names the objects and what would be accepted
 */
public record Finding(RuleCode code, String field, String message) {}
