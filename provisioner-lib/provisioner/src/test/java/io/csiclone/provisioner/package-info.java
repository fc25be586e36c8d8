@NullMarked
package io.csiclone.provisioner;

import org.jspecify.annotations.NullMarked;
