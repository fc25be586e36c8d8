/** The seed procedure as a program: everything real but the cluster, without root and Docker. */
@NullMarked
package io.csiclone.demo;

import org.jspecify.annotations.NullMarked;
