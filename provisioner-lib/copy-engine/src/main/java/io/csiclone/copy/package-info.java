/** Copies the bytes of one file or block device to another. */
@NullMarked
package io.csiclone.copy;

import org.jspecify.annotations.NullMarked;
