package io.csiclone.copy;

import java.util.Objects;
import java.util.Optional;

/**
 * What a copy may do.
 *
 * @param fastest the fastest method that may be tried; slower ones follow when it is not available
 * @param verify how far the copy is proved
 * @param bytesPerSecond the most data bytes moved in a second, {@link Long#MAX_VALUE} for no limit;
 *     holes and shared extents move nothing. Kept within 5 % over copies that take a second or more
 * @param parallelism how many threads may work on this copy at once, 1 to 64; there are never more
 *     than the engine has
 * @param granule the most bytes that each of them copies again after a kill, with a journal: a
 *     multiple of 128 KiB, up to 1 GiB. Smaller ones mean more flushes
 * @param cache what to do with the page cache
 * @param journal where to note what is done; without one a copy that was cut off starts over
 */
public record CopyOptions(
    CopyMethod fastest,
    Verify verify,
    long bytesPerSecond,
    int parallelism,
    int granule,
    CachePolicy cache,
    Optional<CopyJournal> journal) {

  private static final int PARALLELISM = 8;
  private static final int GRANULE = 64 << 20;
  private static final int GRANULE_UNIT = 2 * BlockDigest.BLOCK;
  private static final int LARGEST_GRANULE = 1 << 30;

  /** Checks the figures. */
  public CopyOptions {
    Objects.requireNonNull(fastest, "fastest");
    Objects.requireNonNull(verify, "verify");
    Objects.requireNonNull(cache, "cache");
    Objects.requireNonNull(journal, "journal");
    require(bytesPerSecond >= 1, "bytesPerSecond must be 1 or more, but is " + bytesPerSecond);
    require(
        parallelism >= 1 && parallelism <= 64,
        "parallelism must be from 1 to 64, but is " + parallelism);
    require(
        granule >= GRANULE_UNIT && granule <= LARGEST_GRANULE && granule % GRANULE_UNIT == 0,
        "granule must be a multiple of 131072 and at most 1073741824, but is " + granule);
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalArgumentException(otherwise);
    }
  }

  /** With what matters little as it is by default. */
  public CopyOptions(CopyMethod fastest, Verify verify, long bytesPerSecond) {
    this(fastest, verify, bytesPerSecond, PARALLELISM, GRANULE, CachePolicy.AUTO, Optional.empty());
  }

  /** A copy as fast as it goes, not verified. */
  public CopyOptions(CopyMethod fastest) {
    this(fastest, Verify.OFF, Long.MAX_VALUE);
  }

  /** Every method allowed, not verified, no limit. */
  public static CopyOptions defaults() {
    return new CopyOptions(CopyMethod.REFLINK);
  }

  /** The same with another verification. */
  public CopyOptions verified(Verify how) {
    return new CopyOptions(fastest, how, bytesPerSecond, parallelism, granule, cache, journal);
  }

  /** The same with a rate limit, in bytes a second. */
  public CopyOptions limitedTo(long limit) {
    return new CopyOptions(fastest, verify, limit, parallelism, granule, cache, journal);
  }

  /** The same by so many threads at once. */
  public CopyOptions inParallel(int threads) {
    return new CopyOptions(fastest, verify, bytesPerSecond, threads, granule, cache, journal);
  }

  /** The same with granules of so many bytes. */
  public CopyOptions withGranule(int bytes) {
    return new CopyOptions(fastest, verify, bytesPerSecond, parallelism, bytes, cache, journal);
  }

  /** The same with another use of the page cache. */
  public CopyOptions caching(CachePolicy policy) {
    return new CopyOptions(fastest, verify, bytesPerSecond, parallelism, granule, policy, journal);
  }

  /** The same, to be resumed from this journal. */
  public CopyOptions resumable(CopyJournal file) {
    return new CopyOptions(
        fastest, verify, bytesPerSecond, parallelism, granule, cache, Optional.of(file));
  }
}
