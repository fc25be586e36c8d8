package io.csiclone.csi;

import java.nio.file.Path;

/** A CSI driver on a unix socket. Closing it stops the server and removes the socket. */
public interface CsiServer extends AutoCloseable {

  /** The socket, mode 0600. */
  Path socket();

  @Override
  void close();
}
