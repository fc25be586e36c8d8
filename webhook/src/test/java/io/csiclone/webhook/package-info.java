@NullMarked
package io.csiclone.webhook;

import org.jspecify.annotations.NullMarked;
