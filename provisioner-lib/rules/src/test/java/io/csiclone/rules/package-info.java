@NullMarked
package io.csiclone.rules;

import org.jspecify.annotations.NullMarked;
