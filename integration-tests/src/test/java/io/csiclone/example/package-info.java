/** The example of the README: a driver author's whole controller. */
@NullMarked
package io.csiclone.example;

import org.jspecify.annotations.NullMarked;
