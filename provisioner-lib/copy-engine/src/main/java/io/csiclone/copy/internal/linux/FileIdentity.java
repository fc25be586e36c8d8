package io.csiclone.copy.internal.linux;

/** A file under whatever name: its filesystem's device and its inode number. */
public record FileIdentity(DeviceNumber device, long inode) implements Medium {}
