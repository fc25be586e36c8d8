/** Gathers from a cluster the facts that the restrictions judge. */
@NullMarked
package io.csiclone.facts;

import org.jspecify.annotations.NullMarked;
