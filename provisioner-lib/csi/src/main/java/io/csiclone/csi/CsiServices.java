package io.csiclone.csi;

import io.grpc.ServerServiceDefinition;
import java.util.List;

/**
 * The CSI services of a driver without a transport, for whoever brings their own gRPC server. They
 * carry the library's status codes and request log with them.
 */
public interface CsiServices extends AutoCloseable {

  /** What to add to the server, in its {@code addService}. */
  List<ServerServiceDefinition> definitions();

  /** Compares storage and records now, as it happens at the start and every so often. */
  SweepReport sweep();

  /** Stops copies; call it after the server has stopped. The next start takes them up again. */
  @Override
  void close();
}
