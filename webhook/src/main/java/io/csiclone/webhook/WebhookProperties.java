package io.csiclone.webhook;

import io.csiclone.rules.ClassPolicy;
import io.csiclone.rules.DriverFacts.CloneSupport;
import io.csiclone.rules.Mode;
import io.csiclone.rules.RuleCode;
import io.csiclone.rules.RulePolicy;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * What an operator can set.
 *
 * @param namespace where the certificate's Secret is kept
 * @param secretName that Secret
 * @param configurationName the name of both webhook configurations
 * @param dnsNames the names, or IP addresses, under which the API server calls
 * @param patience the longest time that looking things up for one request may take
 * @param drain how long requests are still answered after the process was told to end
 * @param failMode what becomes of a clone about which the cluster cannot be asked in that time
 * @param classPolicy how alike the storage classes of source and clone have to be
 * @param unknownClassOrigin what is made of a clone's class that comes from nobody knows where
 * @param modes restrictions whose mode differs from the default, by code
 * @param drivers whether CSI drivers that do not say it themselves can clone, by their names
 */
@ConfigurationProperties("csi-clone.webhook")
record WebhookProperties(
    String namespace,
    String secretName,
    String configurationName,
    List<String> dnsNames,
    Duration patience,
    Duration drain,
    FailMode failMode,
    ClassPolicy classPolicy,
    UnknownClassOrigin unknownClassOrigin,
    @Nullable Map<String, Mode> modes,
    @Nullable Map<String, Boolean> drivers) {

  WebhookProperties {
    if (patience.isNegative() || patience.isZero()) {
      throw new IllegalArgumentException("csi-clone.webhook.patience must be more than 0");
    }
    if (drain.isNegative()) {
      throw new IllegalArgumentException("csi-clone.webhook.drain must not be negative");
    }
  }

  RulePolicy rulePolicy() {
    var byCode = new EnumMap<RuleCode, Mode>(RuleCode.class);
    if (modes != null) {
      modes.forEach((id, mode) -> byCode.put(code(id), mode));
    }
    var byName = new HashMap<String, CloneSupport>();
    if (drivers != null) {
      drivers.forEach(
          (name, clones) -> byName.put(name, clones ? CloneSupport.YES : CloneSupport.NO));
    }
    return new RulePolicy(byCode, classPolicy, byName, List.of());
  }

  private static RuleCode code(String id) {
    return Arrays.stream(RuleCode.values())
        .filter(code -> code.id().equalsIgnoreCase(id))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "csi-clone.webhook.modes has %s, which is no restriction; there are %s"
                    .formatted(
                        id,
                        Arrays.stream(RuleCode.values())
                            .map(RuleCode::id)
                            .collect(Collectors.joining(", ")))));
  }
}
