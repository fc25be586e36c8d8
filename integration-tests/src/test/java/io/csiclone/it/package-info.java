/** What the product does on a real cluster, and the rules of its architecture. */
@NullMarked
package io.csiclone.it;

import org.jspecify.annotations.NullMarked;
