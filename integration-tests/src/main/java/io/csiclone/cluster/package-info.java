/** A one-node cluster in a container with both charts installed, for tests and developers. */
@NullMarked
package io.csiclone.cluster;

import org.jspecify.annotations.NullMarked;
