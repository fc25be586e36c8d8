package io.csiclone.rules;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Reads the settings that a namespace has as labels and a storage class as annotations. */
final class PolicySettings {

  private static final String MODE_PREFIX = "csi-clone.io/mode.";
  private static final String CLASS_POLICY = "csi-clone.io/class-policy";

  /** Annotations may be of any length; a warning is not. */
  private static final int LONGEST_VALUE = 60;

  private PolicySettings() {}

  static RulePolicy apply(
      RulePolicy base, String kind, String object, @Nullable Map<String, String> entries) {
    if (entries == null || !concerned(entries)) {
      return base;
    }
    var modes = new EnumMap<RuleCode, Mode>(RuleCode.class);
    modes.putAll(base.modes());
    var classPolicy = base.classPolicy();
    var ignored = new ArrayList<>(base.ignored());
    // In the order of their keys, so that the same warnings come in the same order.
    for (var entry : new TreeMap<>(entries).entrySet()) {
      var key = entry.getKey();
      var value = entry.getValue() == null ? "" : entry.getValue();
      String accepted = null;
      if (key.equals(CLASS_POLICY)) {
        var policy = ClassPolicy.named(value);
        classPolicy = policy.orElse(classPolicy);
        accepted = policy.isPresent() ? null : "same-class and same-driver are accepted";
      } else if (key.startsWith(MODE_PREFIX)) {
        var code = RuleCode.named(key.substring(MODE_PREFIX.length()));
        var mode = mode(value);
        if (code.isPresent() && mode.isPresent()) {
          modes.put(code.get(), mode.get());
        } else {
          accepted =
              code.isEmpty()
                  ? "no restriction has the code " + key.substring(MODE_PREFIX.length())
                  : "deny, warn and off are accepted";
        }
      }
      if (accepted != null) {
        ignored.add(
            "the %s %s=%s of %s is ignored: %s."
                .formatted(kind, key, clip(value), object, accepted));
      }
    }
    return new RulePolicy(modes, classPolicy, base.drivers(), ignored);
  }

  private static boolean concerned(Map<String, String> entries) {
    for (var key : entries.keySet()) {
      if (concerns(key)) {
        return true;
      }
    }
    return false;
  }

  private static boolean concerns(String key) {
    return key.equals(CLASS_POLICY) || key.startsWith(MODE_PREFIX);
  }

  private static Optional<Mode> mode(String value) {
    return Arrays.stream(Mode.values()).filter(mode -> mode.id().equals(value)).findFirst();
  }

  private static String clip(String value) {
    return value.length() <= LONGEST_VALUE ? value : value.substring(0, LONGEST_VALUE) + "…";
  }
}
