package io.csiclone.facts;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Texts that are numbers at heart, and take a third of the memory as such. */
final class PackedText {

  private PackedText() {}

  /** A {@link UUID} if {@code text} is one in the usual form, else the text; to be unpacked. */
  static @Nullable Object uid(@Nullable String text) {
    if (text == null || text.length() != 36) {
      return text;
    }
    try {
      var uid = UUID.fromString(text);
      return uid.toString().equals(text) ? uid : text;
    } catch (IllegalArgumentException e) {
      return text;
    }
  }

  /** A {@link Long} if {@code text} is one without leading zeros, else the text. */
  static @Nullable Object version(@Nullable String text) {
    if (text == null) {
      return null;
    }
    try {
      var version = Long.valueOf(text);
      return version.toString().equals(text) ? version : text;
    } catch (NumberFormatException e) {
      return text;
    }
  }

  static @Nullable String unpack(@Nullable Object packed) {
    return packed == null ? null : packed.toString();
  }
}
