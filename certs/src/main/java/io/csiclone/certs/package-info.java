/** A certificate authority and serving certificates: issue, store, roll out. */
@NullMarked
package io.csiclone.certs;

import org.jspecify.annotations.NullMarked;
