package io.csiclone.rules;

import org.jspecify.annotations.Nullable;

/**
 * A storage class.
 *
 * @param name its name
 * @param provisioner the driver or in-tree plugin that makes its volumes
 * @param fsType the filesystem its parameters ask for, or null
 */
public record StorageClassFacts(String name, String provisioner, @Nullable String fsType) {}
