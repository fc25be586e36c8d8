package io.csiclone.bench;

import static io.csiclone.bench.Content.MIB;

import io.csiclone.bench.CopyCase.Figure;
import java.util.List;

/**
 * The cases and the flags of the peers in each: those that were fastest of the sensible ones when
 * they were tried, and where two took turns at being it, both.
 *
 * @param dense bytes of a source without holes
 * @param sparse bytes of a source with holes, of which a sixteenth is data
 * @param sparseDevice the same of a loop device
 * @param reflink bytes of a source whose extents are shared
 * @param reflinkSmall the same, to see whether the size matters
 * @param count number of volumes of 1 MiB
 */
record CopyCases(
    long dense, long sparse, long sparseDevice, long reflink, long reflinkSmall, int count) {

  static final CopyCases FULL =
      new CopyCases(1024L * MIB, 8192L * MIB, 4096L * MIB, 16384L * MIB, 1024L * MIB, 500);

  /** To see that it all works. */
  static final CopyCases QUICK =
      new CopyCases(32L * MIB, 256L * MIB, 128L * MIB, 64L * MIB, 16L * MIB, 10);

  private static final Peer CP = Peer.of("cp", "cp --sparse=auto --reflink=auto SOURCE TARGET");
  private static final Peer CP_ZEROS =
      Peer.of("cp", "cp --sparse=always --reflink=auto SOURCE TARGET");
  private static final Peer DD =
      Peer.of(
          "dd",
          "dd if=SOURCE of=TARGET bs=4M iflag=direct oflag=direct conv=sparse,fsync status=none");
  private static final Peer QEMU_DIRECT =
      Peer.of(
          "qemu-img direct",
          "qemu-img convert -f raw -O raw -W -m 16 -t none -T none SOURCE TARGET");
  private static final Peer QEMU_CACHED =
      Peer.of(
          "qemu-img cached",
          "qemu-img convert -f raw -O raw -W -m 16 -t writeback -T writeback SOURCE TARGET");
  private static final Peer NBDCOPY = Peer.of("nbdcopy", "nbdcopy --flush SOURCE TARGET");

  private static final List<Peer> COLD = List.of(CP, DD, QEMU_DIRECT, QEMU_CACHED, NBDCOPY);
  private static final List<Peer> ZEROS = List.of(CP_ZEROS, DD, QEMU_DIRECT, QEMU_CACHED, NBDCOPY);

  /** Reads from the cache. */
  private static final List<Peer> HOT =
      List.of(
          CP,
          Peer.of("dd", "dd if=SOURCE of=TARGET bs=4M oflag=direct conv=sparse,fsync status=none"),
          Peer.of(
              "qemu-img direct",
              "qemu-img convert -f raw -O raw -W -m 16 -t none -T writeback SOURCE TARGET"),
          QEMU_CACHED,
          NBDCOPY);

  /** A device is no new file: zeros must be written, and nobody may pass over them. */
  private static final List<Peer> DEVICES =
      List.of(
          Peer.of("cp", "cp --sparse=never SOURCE TARGET"),
          Peer.of(
              "dd",
              "dd if=SOURCE of=TARGET bs=4M iflag=direct oflag=direct conv=fsync status=none"),
          Peer.of(
              "qemu-img direct",
              "qemu-img convert -n -f raw -O raw -W -m 16 -t none -T none SOURCE TARGET"),
          Peer.of(
              "qemu-img cached",
              "qemu-img convert -n -f raw -O raw -W -m 16 -t writeback -T writeback SOURCE TARGET"),
          NBDCOPY);

  /** The others copy; so does {@code qemu-img -C}, and fills the filesystem. */
  private static final List<Peer> REFLINK =
      List.of(Peer.of("cp", "cp --reflink=always SOURCE TARGET"));

  private static final List<Peer> A_PROCESS_EACH =
      List.of(
          Peer.forEachFile("cp", "cp --sparse=auto --reflink=auto SOURCE TARGET && sync TARGET"),
          Peer.forEachFile("dd", "dd if=SOURCE of=TARGET bs=1M conv=fsync status=none"),
          Peer.forEachFile(
              "qemu-img",
              "qemu-img convert -f raw -O raw -W -m 16 -t writeback -T writeback SOURCE TARGET"
                  + " && sync TARGET"),
          Peer.forEachFile("nbdcopy", "nbdcopy --flush SOURCE TARGET"));

  private static final List<Peer> ONE_COMMAND =
      List.of(
          Peer.of("cp", "cp -r --sparse=auto --reflink=auto --no-target-directory SOURCE TARGET"),
          new Peer(
              "cp, 4 processes",
              "cp",
              List.of(
                  "sh",
                  "-c",
                  "ls \"$0\"/* | xargs -P 4 -n 25 cp --sparse=auto --reflink=auto -t \"$1\"",
                  "SOURCE",
                  "TARGET")));

  List<CopyCase> all() {
    long sparseData = sparse / 16;
    long deviceData = sparseDevice / 16;
    return List.of(
        file("dense", "dense " + size(dense), true, Content.dense(dense), COLD),
        file(
            "sparse-1m",
            "sparse %s, %s in 1 MiB extents".formatted(size(sparse), size(sparseData)),
            true,
            Content.sparse(sparse, sparseData, MIB),
            COLD),
        file(
            "sparse-64k",
            "sparse %s, %s in 64 KiB extents".formatted(size(sparse), size(sparseData)),
            true,
            Content.sparse(sparse, sparseData, 64 << 10),
            COLD),
        file("zeros", "allocated zeros " + size(dense), true, Content.zeros(dense), ZEROS),
        file("hot", "hot cache, dense " + size(dense), false, Content.dense(dense), HOT),
        device("loop-dense", "loop to loop, dense " + size(dense), Content.dense(dense)),
        device(
            "loop-sparse",
            "loop to loop, %s, %s in 1 MiB extents".formatted(size(sparseDevice), size(deviceData)),
            Content.sparse(sparseDevice, deviceData, MIB)),
        reflink("reflink-small", reflinkSmall),
        reflink("reflink", reflink),
        volumes(
            "volumes", "%d volumes of 1 MiB, one by one".formatted(count), false, A_PROCESS_EACH),
        volumes(
            "volumes-at-once", "%d volumes of 1 MiB, at once".formatted(count), true, ONE_COMMAND));
  }

  private static CopyCase file(
      String key, String name, boolean cold, Content content, List<Peer> peers) {
    return new CopyCase(
        key,
        name,
        cold,
        false,
        content.data(),
        Figure.RATE,
        false,
        folder -> Volumes.files(folder, content),
        peers);
  }

  private static CopyCase device(String key, String name, Content content) {
    return new CopyCase(
        key,
        name,
        true,
        true,
        content.data(),
        Figure.RATE,
        false,
        folder -> Volumes.loopDevices(folder, content),
        DEVICES);
  }

  private static CopyCase reflink(String key, long size) {
    Content content = Content.dense(size);
    return new CopyCase(
        key,
        "XFS reflink " + size(size),
        true,
        true,
        size,
        Figure.TIME,
        false,
        folder -> Volumes.onXfs(folder, content),
        REFLINK);
  }

  private CopyCase volumes(String key, String name, boolean atOnce, List<Peer> peers) {
    return new CopyCase(
        key,
        name,
        true,
        false,
        (long) count * MIB,
        Figure.VOLUMES,
        atOnce,
        folder -> Volumes.folders(folder, count, Content.dense(MIB)),
        peers);
  }

  private static String size(long bytes) {
    return bytes % (1L << 30) == 0 ? (bytes >> 30) + " GiB" : (bytes >> 20) + " MiB";
  }
}
