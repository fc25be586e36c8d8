package io.csiclone.copy.internal.linux;

import java.util.Optional;

/**
 * A system call that a kernel, filesystem or device may not serve. That is found out by trying:
 * after the first answer that says so the call is not made again. Safe for use by many threads.
 */
public final class Capability {

  /** One such call. */
  @FunctionalInterface
  public interface Call {
    /** Makes it. */
    void make() throws SystemCallException;
  }

  private final int[] unsupported;
  private volatile Optional<String> refusal = Optional.empty();

  /**
   * @param unsupported the error numbers that mean "not here"; all others are errors
   */
  public Capability(int... unsupported) {
    this.unsupported = unsupported.clone();
  }

  /**
   * Makes the call, unless it is known not to be served.
   *
   * @return whether it was made and succeeded
   * @throws SystemCallException when it failed for another reason than not being served
   */
  public boolean attempt(Call call) throws SystemCallException {
    if (!isThere()) {
      return false;
    }
    try {
      call.make();
      return true;
    } catch (SystemCallException e) {
      if (!e.is(unsupported)) {
        throw e;
      }
      refuse(String.valueOf(e.getMessage()));
      return false;
    }
  }

  /** Whether the call may still be served. */
  public boolean isThere() {
    return refusal.isEmpty();
  }

  /** Not to be tried any more, for this reason; the first reason stays. */
  public void refuse(String reason) {
    if (isThere()) {
      refusal = Optional.of(reason);
    }
  }

  /** Why it is not served: call, path and errno. Empty as long as it may be. */
  public Optional<String> refusal() {
    return refusal;
  }
}
