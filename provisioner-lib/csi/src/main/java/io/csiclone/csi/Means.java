package io.csiclone.csi;

import io.csiclone.copy.CopyEngine;

/** What volumes are made with, the same for all. */
record Means(
    VolumeBackend backend,
    CopyEngine copyEngine,
    RecordStore records,
    CopyTurns turns,
    CloneListener listener) {}
