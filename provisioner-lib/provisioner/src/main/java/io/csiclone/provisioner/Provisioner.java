package io.csiclone.provisioner;

/** The controller of one driver: a running instance, stopped by closing it. */
public interface Provisioner extends AutoCloseable {

  /** Whether the caches are filled and claims are being served. */
  boolean ready();

  @Override
  void close();
}
