package io.csiclone.certs;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a decision is taken upon.
 *
 * @param stored what the Secret holds; null if there is no Secret
 * @param served what this replica serves, from memory; null if nothing yet
 * @param requested what the Secret's annotation asks for
 * @param trustedFor how long callers have been told, without a change, to trust what {@code stored}
 *     says, by a clock that nobody can set
 */
record Situation(
    @Nullable KeyMaterial stored,
    @Nullable KeyMaterial served,
    @Nullable Rotation requested,
    Duration trustedFor) {}
