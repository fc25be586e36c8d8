@NullMarked
package io.csiclone.facts;

import org.jspecify.annotations.NullMarked;
