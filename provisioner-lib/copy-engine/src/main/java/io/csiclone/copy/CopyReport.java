package io.csiclone.copy;

import java.time.Duration;

/**
 * What a finished copy did. All sizes in bytes; {@code cloned + written + skipped} is the source's
 * length.
 *
 * @param method the method that moved the data, or most of it; for a source without data the one
 *     that would have been used
 * @param sourceBytes the source's length
 * @param cloned bytes whose extents are shared with the source
 * @param written bytes written to the target
 * @param skipped bytes of holes and zeros that were not written
 * @param took from the call to the last fsync
 */
public record CopyReport(
    CopyMethod method, long sourceBytes, long cloned, long written, long skipped, Duration took) {}
