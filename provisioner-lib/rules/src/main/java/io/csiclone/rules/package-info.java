/** The cloning restrictions as pure functions: facts in, verdict out. No I/O, no clock. */
@NullMarked
package io.csiclone.rules;

import org.jspecify.annotations.NullMarked;
