package io.csiclone.copy;

/**
 * What all granules of a copy share.
 *
 * @param digesting whether to digest what passes
 */
record Volume(Endpoint source, Endpoint target, Ladder ladder, CopyTally tally, boolean digesting) {

  long size() {
    return source.size();
  }
}
