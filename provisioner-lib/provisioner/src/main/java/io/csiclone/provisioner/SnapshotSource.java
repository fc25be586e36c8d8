package io.csiclone.provisioner;

import org.jspecify.annotations.Nullable;

/**
 * What a claim is restored from.
 *
 * @param snapshot the VolumeSnapshot's name, in the claim's namespace
 * @param content the VolumeSnapshotContent it was bound to when the restoring was begun
 * @param handle the snapshot's name at the driver
 * @param node the node that has the snapshot, where that is told; else null
 */
record SnapshotSource(String snapshot, String content, String handle, @Nullable String node) {}
