package io.csiclone.csiproto;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.DescriptorProtos.FieldOptions;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import com.google.protobuf.GeneratedMessage.GeneratedExtension;
import io.csiclone.csiproto.registration.RegistrationProto;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The generated code speaks exactly the wire contract that wire.tsv records, nothing else. */
class WireContractTest {

  private static final List<FileDescriptor> FILES =
      List.of(CsiProto.getDescriptor(), RegistrationProto.getDescriptor());

  /** protobuf-java cannot have mutable_parameters beside parameters; numbers and types stay. */
  private static final Set<String> RENAMED =
      Set.of(
          "csi.v1.CreateVolumeRequest",
          "csi.v1.ValidateVolumeCapabilitiesRequest",
          "csi.v1.ValidateVolumeCapabilitiesResponse.Confirmed");

  @Test
  void everyRowOfTheContractIsInTheGeneratedCode() throws IOException {
    assertThat(generated()).containsAll(contract());
  }

  @Test
  void theGeneratedCodeHasNothingThatTheContractLacks() throws IOException {
    assertThat(contract()).containsAll(generated());
  }

  @Test
  void noRowIsThereTwice() throws IOException {
    assertThat(contract()).doesNotHaveDuplicates().hasSizeGreaterThan(380);
    assertThat(generated()).doesNotHaveDuplicates();
  }

  @Test
  void exactlyThreeFieldsHaveAnotherNameThanOnTheirContract() {
    List<FieldDescriptor> renamed =
        messages()
            .flatMap(message -> message.getFields().stream())
            .filter(field -> field.getName().equals("mutable_params"))
            .toList();
    assertThat(renamed)
        .extracting(field -> field.getContainingType().getFullName())
        .containsExactlyInAnyOrderElementsOf(RENAMED);
  }

  @Test
  void everyFieldCalledSecretsIsMarkedAsOne() {
    assertThat(
            messages()
                .flatMap(message -> message.getFields().stream())
                .filter(field -> field.getName().equals("secrets")))
        .isNotEmpty()
        .allMatch(field -> field.getOptions().getExtension(CsiProto.csiSecret));
  }

  private static List<String> contract() throws IOException {
    try (InputStream in = WireContractTest.class.getResourceAsStream("/wire.tsv")) {
      return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.isBlank() && !line.startsWith("#"))
          .map(String::stripTrailing)
          .toList();
    }
  }

  private static List<String> generated() {
    List<String> rows = new ArrayList<>();
    for (FileDescriptor file : FILES) {
      file.getServices().forEach(service -> rpcs(rows, service));
      file.getEnumTypes().forEach(type -> values(rows, type));
      file.getExtensions()
          .forEach(field ->
              rows.add(
                  row(
                      "extension",
                      field.getContainingType().getFullName(),
                      field.getNumber(),
                      field.getName(),
                      type(field),
                      "")));
    }
    messages().forEach(message -> message(rows, message));
    return rows;
  }

  private static void rpcs(List<String> rows, ServiceDescriptor service) {
    for (var method : service.getMethods()) {
      List<String> marks = new ArrayList<>();
      if (method.isClientStreaming()) {
        marks.add("client-streaming");
      }
      if (method.isServerStreaming()) {
        marks.add("server-streaming");
      }
      mark(marks, method.getOptions().getExtension(CsiProto.alphaMethod), "alpha_method");
      String types =
          method.getInputType().getFullName() + " -> " + method.getOutputType().getFullName();
      rows.add(
          row("rpc", service.getFullName(), "", method.getName(), types, String.join(" ", marks)));
    }
  }

  private static void message(List<String> rows, Descriptor message) {
    List<String> marks = new ArrayList<>();
    mark(marks, message.getOptions().getExtension(CsiProto.alphaMessage), "alpha_message");
    rows.add(row("message", message.getFullName(), "", "", "", String.join(" ", marks)));
    message.getFields().forEach(field -> field(rows, field));
    message.getEnumTypes().forEach(type -> values(rows, type));
  }

  private static void field(List<String> rows, FieldDescriptor field) {
    String holder = field.getContainingType().getFullName();
    List<String> marks = new ArrayList<>();
    if (field.getRealContainingOneof() != null) {
      marks.add("oneof:" + field.getRealContainingOneof().getName());
    }
    mark(marks, has(field, CsiProto.csiSecret), "csi_secret");
    mark(marks, has(field, CsiProto.alphaField), "alpha_field");
    String name =
        RENAMED.contains(holder) && field.getName().equals("mutable_params")
            ? "mutable_parameters"
            : field.getName();
    rows.add(row("field", holder, field.getNumber(), name, type(field), String.join(" ", marks)));
  }

  private static boolean has(
      FieldDescriptor field, GeneratedExtension<FieldOptions, Boolean> option) {
    return field.getOptions().getExtension(option);
  }

  private static void values(List<String> rows, EnumDescriptor type) {
    for (var value : type.getValues()) {
      List<String> marks = new ArrayList<>();
      mark(marks, value.getOptions().getExtension(CsiProto.alphaEnumValue), "alpha_enum_value");
      rows.add(
          row(
              "enum",
              type.getFullName(),
              value.getNumber(),
              value.getName(),
              "",
              String.join(" ", marks)));
    }
  }

  private static String type(FieldDescriptor field) {
    if (field.isMapField()) {
      Descriptor entry = field.getMessageType();
      return "map<%s,%s>"
          .formatted(type(entry.findFieldByName("key")), type(entry.findFieldByName("value")));
    }
    String single =
        switch (field.getJavaType()) {
          case MESSAGE -> field.getMessageType().getFullName();
          case ENUM -> field.getEnumType().getFullName();
          default -> field.getType().name().toLowerCase(Locale.ROOT);
        };
    return field.isRepeated() ? "repeated " + single : single;
  }

  private static void mark(List<String> marks, boolean is, String mark) {
    if (is) {
      marks.add(mark);
    }
  }

  private static String row(
      String kind, String holder, Object number, String name, String type, String marks) {
    return String.join("\t", kind, holder, number.toString(), name, type, marks).stripTrailing();
  }

  /** All messages, nested ones too; map entries are no messages of the contract. */
  private static Stream<Descriptor> messages() {
    return FILES.stream()
        .flatMap(file -> file.getMessageTypes().stream())
        .flatMap(WireContractTest::withNested);
  }

  private static Stream<Descriptor> withNested(Descriptor message) {
    return Stream.concat(
        Stream.of(message),
        message.getNestedTypes().stream()
            .filter(nested -> !nested.getOptions().getMapEntry())
            .flatMap(WireContractTest::withNested));
  }
}
