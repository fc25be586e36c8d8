package io.csiclone.rules;

/** Sizes as Kubernetes writes them. */
final class Bytes {

  private static final String[] BINARY = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
  private static final String[] DECIMAL = {"", "k", "M", "G", "T", "P", "E"};

  private Bytes() {}

  /** {@code bytes} exactly, as the shortest quantity; {@code 1610612736} is {@code 1536Mi}. */
  static String asQuantity(long bytes) {
    var binary = scaled(bytes, 1024, BINARY);
    var decimal = scaled(bytes, 1000, DECIMAL);
    return decimal.length() < binary.length() ? decimal : binary;
  }

  private static String scaled(long bytes, long step, String[] suffixes) {
    int power = 0;
    long rest = bytes;
    while (rest != 0 && rest % step == 0 && power < suffixes.length - 1) {
      rest /= step;
      power++;
    }
    return rest + suffixes[power];
  }
}
