package io.csiclone.copy;

/**
 * A stretch of a source.
 *
 * @param end the offset behind its last byte
 * @param hole whether it is known to read as zeros without having been read
 */
record Extent(long end, boolean hole) {}
