package io.csiclone.webhook;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** What stands between the quotes of a JSON string that does not stand for itself. */
final class JsonStrings {

  private JsonStrings() {}

  /** The text of a string in ASCII whose escapes have been checked. */
  static String unescaped(byte[] bytes, int from, int to) {
    byte[] whole = new byte[to - from];
    int length = 0;
    int i = from;
    while (i < to) {
      byte each = bytes[i++];
      if (each == '\\') {
        char meant = meant((char) bytes[i]);
        if (bytes[i++] == 'u') {
          meant = unit(bytes[i], bytes[i + 1], bytes[i + 2], bytes[i + 3]);
          if (meant > 0xff) {
            return unescaped(new String(bytes, from, to - from, StandardCharsets.ISO_8859_1));
          }
          i += 4;
        }
        each = (byte) meant;
      }
      whole[length++] = each;
    }
    return new String(whole, 0, length, StandardCharsets.ISO_8859_1);
  }

  /** The same of any string. */
  static String unescaped(String escaped) {
    var whole = new StringBuilder(escaped.length());
    int i = 0;
    while (i < escaped.length()) {
      char each = escaped.charAt(i++);
      if (each == '\\') {
        each = meant(escaped.charAt(i));
        if (escaped.charAt(i++) == 'u') {
          each =
              unit(
                  escaped.charAt(i),
                  escaped.charAt(i + 1),
                  escaped.charAt(i + 2),
                  escaped.charAt(i + 3));
          i += 4;
        }
      }
      whole.append(each);
    }
    return whole.toString();
  }

  /** What a letter after a backslash stands for, unless it is u. */
  private static char meant(char letter) {
    return switch (letter) {
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      default -> letter;
    };
  }

  private static char unit(int first, int second, int third, int fourth) {
    return (char) (digit(first) << 12 | digit(second) << 8 | digit(third) << 4 | digit(fourth));
  }

  /** The value of a hexadecimal digit; -1 for anything else. */
  static int digit(int each) {
    if (each >= '0' && each <= '9') {
      return each - '0';
    }
    int lower = each | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
  }

  /**
   * @throws IllegalArgumentException when it is not UTF-8
   */
  static String decoded(byte[] bytes, int from, int to) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes, from, to - from))
          .toString();
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("not UTF-8", e);
    }
  }
}
