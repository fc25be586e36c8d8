package io.csiclone.copy.internal.linux;

/**
 * What a loop device shows (struct loop_info64 in linux/loop.h).
 *
 * @param file which file
 * @param offset the byte of it that the device begins with
 */
public record LoopBacking(FileIdentity file, long offset) {}
