package io.csiclone.csi;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import io.csiclone.csiproto.CsiProto;
import io.csiclone.csiproto.VolumeCapability.AccessMode.Mode;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the log shows of a request. */
class RequestTextTest {

  @Test
  void aRequestIsShownWithItsFieldsAsTheSpecificationNamesThem() {
    var request =
        TestDriver.cloneRequest("pvc-1", 42, "vol-1")
            .putParameters("tier", "fast")
            .putMutableParams("iops", "7")
            .setVolumeCapabilities(0, TestDriver.mount(Mode.SINGLE_NODE_WRITER))
            .build();
    assertThat(RequestText.of(request))
        .isEqualTo(
            "{name=\"pvc-1\", capacity_range={required_bytes=42}, "
                + "volume_capabilities=[{mount={fs_type=\"ext4\"}, "
                + "access_mode={mode=SINGLE_NODE_WRITER}}], "
                + "parameters=[\"tier\": \"fast\"], "
                + "volume_content_source={volume={volume_id=\"vol-1\"}}, "
                + "mutable_parameters=[\"iops\": \"7\"]}");
  }

  static Stream<Descriptor> messagesWithSecrets() {
    return CsiProto.getDescriptor().getMessageTypes().stream()
        .filter(message ->
            message.getFields().stream()
                .anyMatch(field -> field.getOptions().getExtension(CsiProto.csiSecret)));
  }

  @ParameterizedTest
  @MethodSource
  void messagesWithSecrets(Descriptor type) {
    DynamicMessage.Builder message = DynamicMessage.newBuilder(type);
    for (FieldDescriptor field : type.getFields()) {
      if (field.getOptions().getExtension(CsiProto.csiSecret)) {
        message.addRepeatedField(field, entry(message, field));
      }
    }
    assertThat(RequestText.of(message.build()))
        .contains("=<secret>")
        .doesNotContain("hunter2")
        .doesNotContain("user");
  }

  private static Message entry(DynamicMessage.Builder message, FieldDescriptor field) {
    Message.Builder entry = message.newBuilderForField(field);
    List<FieldDescriptor> parts = field.getMessageType().getFields();
    return entry.setField(parts.get(0), "user").setField(parts.get(1), "hunter2").build();
  }

  @Test
  void aRequestCannotForgeLinesNorFloodTheLog() {
    String text = RequestText.of(TestDriver.request("a\nERROR b" + "x".repeat(9999), 1).build());
    assertThat(text).doesNotContain("\n").hasSizeLessThan(500);
  }
}
