package io.csiclone.rules;

import org.jspecify.annotations.Nullable;

/**
 * A claim's {@code dataSource} or {@code dataSourceRef}, as written.
 *
 * @param apiGroup the group; empty or null is the core group
 * @param kind the kind, for a clone {@code PersistentVolumeClaim}
 * @param name the object's name
 * @param namespace only of a {@code dataSourceRef}; null means the claim's own namespace
 */
public record DataSource(
    @Nullable String apiGroup, String kind, String name, @Nullable String namespace) {

  /** Whether this names a claim, so that the claim that carries it is a clone. */
  public boolean isClaim() {
    return (apiGroup == null || apiGroup.isEmpty()) && kind.equals("PersistentVolumeClaim");
  }
}
