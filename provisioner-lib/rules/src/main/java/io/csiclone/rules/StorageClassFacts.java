package io.csiclone.rules;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A storage class.
 *
 * @param name its name
 * @param provisioner the driver or in-tree plugin that makes its volumes
 * @param fsType the filesystem its parameters ask for, or null
 * @param allowedTopologies where it makes volumes: in any one of these, each of them the possible
 *     values by label; empty for everywhere
 */
public record StorageClassFacts(
    String name,
    String provisioner,
    @Nullable String fsType,
    List<Map<String, Set<String>>> allowedTopologies) {

  public StorageClassFacts {
    allowedTopologies = List.copyOf(allowedTopologies);
  }
}
