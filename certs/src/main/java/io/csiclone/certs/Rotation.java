package io.csiclone.certs;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What the annotation {@value #ANNOTATION} on the Secret can ask for. */
enum Rotation {
  /** A new serving certificate under the same CA. */
  SERVING,
  /** A new CA, trusted beside the present one until it has taken over. */
  CA;

  static final String ANNOTATION = "csi-clone.io/rotate";

  static Optional<Rotation> parse(String text) {
    return Arrays.stream(values()).filter(each -> each.text().equals(text.strip())).findFirst();
  }

  String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
