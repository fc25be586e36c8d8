package io.csiclone.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.csiproto.ControllerGetCapabilitiesRequest;
import io.csiclone.csiproto.ControllerServiceCapability;
import io.csiclone.csiproto.GetPluginCapabilitiesRequest;
import io.csiclone.csiproto.GetPluginInfoRequest;
import io.csiclone.csiproto.NodeServiceCapability;
import io.csiclone.csiproto.PluginCapability;
import java.util.List;

/** What a driver says of itself. */
final class IdentityChecks {

  private IdentityChecks() {}

  static List<Check> all() {
    return List.of(
        new Check("the driver's name is written like a domain's", IdentityChecks::name),
        new Check(
            "what the plugin announces is in the specification", IdentityChecks::pluginAnnounces),
        new Check(
            "what the controller announces is in the specification",
            IdentityChecks::controllerAnnounces),
        new Check(
            "what the node announces is in the specification", IdentityChecks::nodeAnnounces));
  }

  private static void name(Trial trial) {
    String name =
        trial.client.identity().getPluginInfo(GetPluginInfoRequest.getDefaultInstance()).getName();
    // 63 characters at most, with a letter at both ends.
    assertThat(name).matches("[A-Za-z][A-Za-z0-9._-]{0,61}[A-Za-z]");
  }

  private static void pluginAnnounces(Trial trial) {
    for (PluginCapability each :
        trial
            .client
            .identity()
            .getPluginCapabilities(GetPluginCapabilitiesRequest.getDefaultInstance())
            .getCapabilitiesList()) {
      switch (each.getTypeCase()) {
        case SERVICE ->
            assertThat(each.getService().getType())
                .isNotIn(
                    PluginCapability.Service.Type.UNKNOWN,
                    PluginCapability.Service.Type.UNRECOGNIZED);
        case VOLUME_EXPANSION ->
            assertThat(each.getVolumeExpansion().getType())
                .isNotIn(
                    PluginCapability.VolumeExpansion.Type.UNKNOWN,
                    PluginCapability.VolumeExpansion.Type.UNRECOGNIZED);
        case TYPE_NOT_SET -> throw new AssertionError("a plugin capability of no type");
      }
    }
  }

  private static void controllerAnnounces(Trial trial) {
    assertThat(
            trial
                .client
                .controller()
                .controllerGetCapabilities(ControllerGetCapabilitiesRequest.getDefaultInstance())
                .getCapabilitiesList())
        .isNotEmpty()
        .extracting(each -> each.getRpc().getType())
        .doesNotContain(
            ControllerServiceCapability.RPC.Type.UNKNOWN,
            ControllerServiceCapability.RPC.Type.UNRECOGNIZED);
  }

  private static void nodeAnnounces(Trial trial) {
    assertThat(trial.nodeCapabilities())
        .doesNotContain(
            NodeServiceCapability.RPC.Type.UNKNOWN, NodeServiceCapability.RPC.Type.UNRECOGNIZED);
  }
}
