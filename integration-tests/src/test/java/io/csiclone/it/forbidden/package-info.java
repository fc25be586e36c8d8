/** Imports that are not allowed, so that the architecture test can show that it sees them. */
@NullMarked
package io.csiclone.it.forbidden;

import org.jspecify.annotations.NullMarked;
