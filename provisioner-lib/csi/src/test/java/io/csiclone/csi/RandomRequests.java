package io.csiclone.csi;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import java.util.List;
import java.util.Random;

/** Requests of any shape: well-formed on the wire, most of them with no regard for a meaning. */
final class RandomRequests {

  private static final int DEEPEST = 4;
  private static final long[] NUMBERS = {
    0, 1, -1, 4096, 4097, 1 << 20, Long.MAX_VALUE, Long.MIN_VALUE, Integer.MAX_VALUE
  };

  private final Random random;
  private final List<String> words;

  /**
   * @param words what strings are taken from, besides random ones
   */
  RandomRequests(long seed, List<String> words) {
    this.random = new Random(seed);
    this.words = words;
  }

  Message like(Message prototype) {
    return like(prototype, 0);
  }

  /** The request with some of its fields as they come. */
  Message disturbed(Message good) {
    Message random = like(good);
    Message.Builder message = good.toBuilder();
    for (FieldDescriptor field : good.getDescriptorForType().getFields()) {
      if (this.random.nextInt(8) == 0) {
        message.setField(field, random.getField(field));
      }
    }
    return message.build();
  }

  String word() {
    return words.get(random.nextInt(words.size()));
  }

  private Message like(Message prototype, int depth) {
    Message.Builder message = prototype.newBuilderForType();
    for (FieldDescriptor field : prototype.getDescriptorForType().getFields()) {
      if (depth == DEEPEST || random.nextInt(5) == 0) {
        continue; // left out
      }
      if (field.isMapField()) {
        for (int i = random.nextInt(3); i > 0; i--) {
          message.addRepeatedField(field, entry(message, field));
        }
      } else if (field.isRepeated()) {
        for (int i = random.nextInt(3); i > 0; i--) {
          message.addRepeatedField(field, value(message, field, depth));
        }
      } else {
        message.setField(field, value(message, field, depth));
      }
    }
    return message.build();
  }

  private Message entry(Message.Builder owner, FieldDescriptor map) {
    Message.Builder entry = owner.newBuilderForField(map);
    for (FieldDescriptor part : map.getMessageType().getFields()) {
      entry.setField(part, value(entry, part, DEEPEST));
    }
    return entry.build();
  }

  private Object value(Message.Builder owner, FieldDescriptor field, int depth) {
    return switch (field.getJavaType()) {
      case STRING -> string();
      case LONG ->
          random.nextBoolean() ? NUMBERS[random.nextInt(NUMBERS.length)] : random.nextLong();
      case INT -> random.nextBoolean() ? random.nextInt(4) : random.nextInt();
      case BOOLEAN -> random.nextBoolean();
      case ENUM ->
          // Any number may arrive: also one that this version of the enum does not know.
          field.getEnumType().findValueByNumberCreatingIfUnknown(random.nextInt(10));
      case MESSAGE -> like(owner.newBuilderForField(field).getDefaultInstanceForType(), depth + 1);
      case FLOAT, DOUBLE, BYTE_STRING ->
          throw new IllegalStateException("CSI has no such field: " + field.getFullName());
    };
  }

  private String string() {
    if (random.nextInt(4) != 0) {
      return word();
    }
    return random
        .ints(random.nextInt(200), 0, 0x3000)
        .filter(point -> !Character.isSurrogate((char) point))
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }
}
