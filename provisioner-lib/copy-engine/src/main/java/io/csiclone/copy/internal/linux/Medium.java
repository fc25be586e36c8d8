package io.csiclone.copy.internal.linux;

/** Where bytes live, whatever path leads there. */
public sealed interface Medium permits FileIdentity, DeviceNumber {}
