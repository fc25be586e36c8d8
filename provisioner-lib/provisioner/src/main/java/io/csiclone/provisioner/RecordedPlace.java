package io.csiclone.provisioner;

import com.google.protobuf.InvalidProtocolBufferException;
import io.csiclone.csiproto.TopologyRequirement;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * Where a volume was asked for, as it is kept on its claim. Nodes come and go: found anew after a
 * restart it could differ, and a driver refuses a name it knows with another requirement.
 */
final class RecordedPlace {

  private RecordedPlace() {}

  static String text(TopologyRequirement requirement) {
    return Base64.getEncoder().encodeToString(requirement.toByteArray());
  }

  /**
   * What {@link #text} was made of; null for null.
   *
   * @throws ProvisioningException when it was not made by that
   */
  static @Nullable TopologyRequirement parse(@Nullable String text) {
    if (text == null) {
      return null;
    }
    try {
      return TopologyRequirement.parseFrom(Base64.getDecoder().decode(text));
    } catch (IllegalArgumentException | InvalidProtocolBufferException e) {
      throw new ProvisioningException(
          "the annotation " + Names.PLACE + " was changed and cannot be read: " + e.getMessage());
    }
  }
}
