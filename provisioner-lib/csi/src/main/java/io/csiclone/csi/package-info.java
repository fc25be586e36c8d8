/** CSI services on a unix socket, the clone call path and the interface a driver implements. */
@NullMarked
package io.csiclone.csi;

import org.jspecify.annotations.NullMarked;
