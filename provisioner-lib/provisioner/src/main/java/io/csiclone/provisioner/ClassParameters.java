package io.csiclone.provisioner;

import io.fabric8.kubernetes.api.model.storage.StorageClass;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A storage class's parameters, sorted into those for the driver and those for the provisioner,
 * whose keys begin with {@link Names#RESERVED_PARAMETER_PREFIX}.
 *
 * @param forDriver passed with CreateVolume
 * @param fsType the filesystem asked for; null when that is left to the driver
 * @param secrets the secrets of each kind of call
 */
record ClassParameters(
    Map<String, String> forDriver,
    @Nullable String fsType,
    Map<SecretUse, SecretTemplate> secrets) {

  private static final String FS_TYPE = Names.RESERVED_PARAMETER_PREFIX + "fstype";

  /** The older spelling, which reaches the driver as well. */
  private static final String FS_TYPE_OLD = "fstype";

  /** For which calls a secret is; the names are those of the parameters. */
  enum SecretUse {
    PROVISIONER("provisioner-secret"),
    CONTROLLER_PUBLISH("controller-publish-secret"),
    NODE_STAGE("node-stage-secret"),
    NODE_PUBLISH("node-publish-secret"),
    CONTROLLER_EXPAND("controller-expand-secret"),
    NODE_EXPAND("node-expand-secret"),
    CONTROLLER_MODIFY("controller-modify-secret");

    /** Serves every use that has no parameters of its own. */
    static final String DEFAULT = "secret";

    private final String parameter;

    SecretUse(String parameter) {
      this.parameter = parameter;
    }

    String parameter() {
      return parameter;
    }
  }

  ClassParameters {
    forDriver = Map.copyOf(forDriver);
    secrets = Map.copyOf(secrets);
  }

  /**
   * Sorts the parameters of {@code storageClass}.
   *
   * @param defaultFsType for a class that names none; null leaves it to the driver
   * @throws ProvisioningException when they contradict each other or a reserved one is unknown
   */
  static ClassParameters of(StorageClass storageClass, @Nullable String defaultFsType) {
    String className = storageClass.getMetadata().getName();
    var forDriver = new TreeMap<String, String>();
    var reserved = new TreeMap<String, String>();
    String fsType = null;
    for (var parameter : given(storageClass).entrySet()) {
      String key = parameter.getKey();
      boolean filesystem = isFsType(key);
      if (filesystem && fsType != null) {
        throw new ProvisioningException(
            "storage class "
                + className
                + " names the filesystem twice; keep only the parameter "
                + FS_TYPE);
      }
      if (filesystem) {
        fsType = parameter.getValue();
      }
      if (!key.startsWith(Names.RESERVED_PARAMETER_PREFIX)) {
        forDriver.put(key, parameter.getValue());
      } else if (!filesystem) {
        reserved.put(key.substring(Names.RESERVED_PARAMETER_PREFIX.length()), parameter.getValue());
      }
    }
    var secrets = secrets(className, reserved);
    if (!reserved.isEmpty()) {
      // What was meant by it would silently not be done.
      throw new ProvisioningException(
          "storage class %s has the parameter %s%s, which is reserved and not known; remove it"
              .formatted(className, Names.RESERVED_PARAMETER_PREFIX, reserved.firstKey()));
    }
    return new ClassParameters(
        forDriver, fsType == null || fsType.isEmpty() ? defaultFsType : fsType, secrets);
  }

  private static boolean isFsType(String key) {
    String lower = key.toLowerCase(Locale.ROOT);
    return lower.equals(FS_TYPE) || lower.equals(FS_TYPE_OLD);
  }

  /** Takes the secrets out of {@code reserved}. */
  private static Map<SecretUse, SecretTemplate> secrets(
      String className, Map<String, String> reserved) {
    SecretTemplate byDefault = secret(className, reserved, SecretUse.DEFAULT);
    var secrets = new EnumMap<SecretUse, SecretTemplate>(SecretUse.class);
    for (SecretUse use : SecretUse.values()) {
      SecretTemplate own = secret(className, reserved, use.parameter());
      SecretTemplate chosen = own == null ? byDefault : own;
      if (chosen != null) {
        secrets.put(use, chosen);
      }
    }
    return secrets;
  }

  private static @Nullable SecretTemplate secret(
      String className, Map<String, String> reserved, String parameter) {
    String name = reserved.remove(parameter + "-name");
    String namespace = reserved.remove(parameter + "-namespace");
    if (name == null && namespace == null) {
      return null;
    }
    if (name == null || namespace == null) {
      throw new ProvisioningException(
          "storage class %s has only one of the parameters %2$s%3$s-name and %2$s%3$s-namespace; give both or neither"
              .formatted(className, Names.RESERVED_PARAMETER_PREFIX, parameter));
    }
    return new SecretTemplate(name, namespace);
  }

  private static Map<String, String> given(StorageClass storageClass) {
    Map<String, String> parameters = storageClass.getParameters();
    return parameters == null ? Map.of() : parameters;
  }
}
