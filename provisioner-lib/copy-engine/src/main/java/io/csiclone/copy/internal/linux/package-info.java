/**
 * The Linux system calls the copy engine makes, through the foreign function interface. The only
 * package that touches {@code java.lang.foreign}; for use by {@code io.csiclone.copy} alone.
 */
@NullMarked
package io.csiclone.copy.internal.linux;

import org.jspecify.annotations.NullMarked;
