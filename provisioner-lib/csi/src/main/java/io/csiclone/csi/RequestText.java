package io.csiclone.csi;

import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.MapEntry;
import com.google.protobuf.Message;
import io.csiclone.csiproto.CsiProto;
import java.util.List;
import java.util.Map;

/** A request as one line for the log. Fields marked csi_secret are never printed, at any depth. */
final class RequestText {

  private static final int LONGEST_VALUE = 200;

  private RequestText() {}

  static String of(Message message) {
    StringBuilder out = new StringBuilder();
    message(out, message);
    return out.toString();
  }

  private static void message(StringBuilder out, Message message) {
    out.append('{');
    String separator = "";
    for (Map.Entry<FieldDescriptor, Object> field : message.getAllFields().entrySet()) {
      out.append(separator).append(name(field.getKey())).append('=');
      value(out, field.getKey(), field.getValue());
      separator = ", ";
    }
    out.append('}');
  }

  private static void value(StringBuilder out, FieldDescriptor field, Object value) {
    if (field.getOptions().getExtension(CsiProto.csiSecret)) {
      out.append("<secret>");
    } else if (value instanceof List<?> elements) {
      out.append('[');
      String separator = "";
      for (Object element : elements) {
        out.append(separator);
        single(out, element);
        separator = ", ";
      }
      out.append(']');
    } else {
      single(out, value);
    }
  }

  private static void single(StringBuilder out, Object value) {
    switch (value) {
      case MapEntry<?, ?> entry -> {
        text(out, String.valueOf(entry.getKey()));
        out.append(": ");
        text(out, String.valueOf(entry.getValue()));
      }
      case Message message -> message(out, message);
      case EnumValueDescriptor constant -> out.append(constant.getName());
      case String string -> text(out, string);
      default -> out.append(value);
    }
  }

  /** On one line and clipped, so that a request can neither forge nor flood the log. */
  private static void text(StringBuilder out, String text) {
    out.append('"');
    text.codePoints()
        .limit(LONGEST_VALUE)
        .forEach(c -> out.appendCodePoint(Character.isISOControl(c) ? '\uFFFD' : c));
    out.append(text.codePointCount(0, text.length()) > LONGEST_VALUE ? "…\"" : "\"");
  }

  /** As the specification names it; see csi.proto on the one that Java cannot have. */
  private static String name(FieldDescriptor field) {
    return field.getName().equals("mutable_params") ? "mutable_parameters" : field.getName();
  }
}
