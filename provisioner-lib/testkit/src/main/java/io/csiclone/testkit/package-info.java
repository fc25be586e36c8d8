/** An embedded control plane for tests of drivers and webhooks. */
@NullMarked
package io.csiclone.testkit;

import org.jspecify.annotations.NullMarked;
