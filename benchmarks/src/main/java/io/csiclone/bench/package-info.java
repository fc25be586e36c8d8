/** Side-by-side runs against the tools that people use today. */
@NullMarked
package io.csiclone.bench;

import org.jspecify.annotations.NullMarked;
