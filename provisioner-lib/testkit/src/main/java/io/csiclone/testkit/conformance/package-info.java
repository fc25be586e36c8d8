/** Checks of what a CSI driver that clones volumes promises, run against its socket. */
@NullMarked
package io.csiclone.testkit.conformance;

import org.jspecify.annotations.NullMarked;
