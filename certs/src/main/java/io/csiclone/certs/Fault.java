package io.csiclone.certs;

/**
 * What is wrong with stored certificates.
 *
 * @param reason names the entry
 * @param stillServes whether callers with a right clock may still accept what is served
 */
record Fault(String reason, boolean stillServes) {}
