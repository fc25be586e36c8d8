/** The companion driver: image files in a pool folder, attached as loop devices. */
@NullMarked
package io.csiclone.driver;

import org.jspecify.annotations.NullMarked;
