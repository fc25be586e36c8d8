/** Watches claims, calls CreateVolume and writes persistent volumes. */
@NullMarked
package io.csiclone.provisioner;

import org.jspecify.annotations.NullMarked;
