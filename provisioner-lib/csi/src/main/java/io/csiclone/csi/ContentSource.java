package io.csiclone.csi;

import io.csiclone.csiproto.VolumeContentSource;

/**
 * What a volume is made from.
 *
 * @param kind whether it is a volume or a snapshot
 * @param id its id; both kinds are volumes to the backend
 */
record ContentSource(Kind kind, String id) {

  enum Kind {
    VOLUME,
    SNAPSHOT;

    String word() {
      return this == VOLUME ? "volume" : "snapshot";
    }
  }

  static ContentSource volume(String volumeId) {
    return new ContentSource(Kind.VOLUME, volumeId);
  }

  static ContentSource snapshot(String snapshotId) {
    return new ContentSource(Kind.SNAPSHOT, snapshotId);
  }

  static ContentSource of(VolumeContentSource source) {
    return switch (source.getTypeCase()) {
      case VOLUME ->
          volume(
              Fields.required(
                  "volume_content_source.volume.volume_id", source.getVolume().getVolumeId()));
      case SNAPSHOT ->
          snapshot(
              Fields.required(
                  "volume_content_source.snapshot.snapshot_id",
                  source.getSnapshot().getSnapshotId()));
      case TYPE_NOT_SET ->
          throw Refusal.invalid("volume_content_source.type", "is missing: set volume or snapshot");
    };
  }

  VolumeContentSource toProto() {
    var source = VolumeContentSource.newBuilder();
    switch (kind) {
      case VOLUME ->
          source.setVolume(VolumeContentSource.VolumeSource.newBuilder().setVolumeId(id));
      case SNAPSHOT ->
          source.setSnapshot(VolumeContentSource.SnapshotSource.newBuilder().setSnapshotId(id));
    }
    return source.build();
  }

  /** In words, for messages. */
  @Override
  public String toString() {
    return kind.word() + " " + id;
  }
}
