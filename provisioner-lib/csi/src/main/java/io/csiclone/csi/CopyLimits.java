package io.csiclone.csi;

/**
 * How many clones may have their bytes copied at the same time; the others wait for their turn,
 * each in the order it came. Clones that the storage makes itself are not counted. Fewer copies at
 * once end sooner each and leave more of the disk to the volumes in use.
 *
 * @param atOnce of all clones
 * @param ofOneSource of the clones of one volume or snapshot, so that many clones of one source do
 *     not keep all others waiting; never more than {@code atOnce} in effect
 */
public record CopyLimits(int atOnce, int ofOneSource) {

  /** Four, two of them of one source. */
  public static final CopyLimits DEFAULT = new CopyLimits(4, 2);

  public CopyLimits {
    if (atOnce < 1 || ofOneSource < 1) {
      throw new IllegalArgumentException(
          "copies at once must be 1 or more, but are %d, %d of one source"
              .formatted(atOnce, ofOneSource));
    }
  }
}
