/** Tests of the copy engine, all on real files and devices. */
@NullMarked
package io.csiclone.copy;

import org.jspecify.annotations.NullMarked;
