package io.csiclone.it;

/** Clones of raw block volumes. */
class BlockCloneIT extends CloneProcedure {

  BlockCloneIT() {
    super("Block");
  }

  @Override
  String writeRandom(String claim) {
    // Data at both ends of the first 64 MiB, a hole between them.
    return ("dd if=/dev/urandom of=/dev/%1$s bs=1M count=6 conv=notrunc 2>/dev/null"
            + " && dd if=/dev/urandom of=/dev/%1$s bs=1M seek=60 count=4 conv=notrunc 2>/dev/null && sync")
        .formatted(claim);
  }

  @Override
  String digest(String claim) {
    return "dd if=/dev/%s bs=1M count=64 2>/dev/null | sha256sum".formatted(claim);
  }

  @Override
  String size(String claim) {
    return "dd if=/dev/%s bs=1M 2>/dev/null | wc -c".formatted(claim);
  }
}
