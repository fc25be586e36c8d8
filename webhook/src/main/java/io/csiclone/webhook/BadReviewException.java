package io.csiclone.webhook;

/** What was sent is not an admission review that can be answered; the message says why. */
final class BadReviewException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final int status;
  private final String sentence;

  /**
   * @param status the HTTP status, 4xx
   * @param sentence what was expected and what came
   */
  BadReviewException(int status, String sentence) {
    super(sentence);
    this.status = status;
    this.sentence = sentence;
  }

  int status() {
    return status;
  }

  String sentence() {
    return sentence;
  }
}
