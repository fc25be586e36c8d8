package io.csiclone.csi;

import com.google.protobuf.Message;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where calls come in and exceptions go out: logs requests without their secrets and turns what the
 * services throw into statuses. An error answer carries no message, as the specification demands.
 */
final class CallBorder implements ServerInterceptor {

  private static final Logger log = LoggerFactory.getLogger(CallBorder.class);

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    String method = String.valueOf(call.getMethodDescriptor().getBareMethodName());
    return new SimpleForwardingServerCallListener<>(next.startCall(call, headers)) {

      @Override
      public void onMessage(Q request) {
        if (log.isDebugEnabled() && request instanceof Message message) {
          log.debug("{} {}", method, RequestText.of(message));
        }
        super.onMessage(request);
      }

      // The generated services do the work of a unary call here.
      @Override
      public void onHalfClose() {
        try {
          super.onHalfClose();
        } catch (RuntimeException | Error e) {
          if (StatusTable.unexpected(e)) {
            log.error("{} failed unexpectedly", method, e);
          }
          Status status = StatusTable.status(StatusTable.refusal(e, method));
          log.debug("{} answered {}", method, status);
          call.close(status, new Metadata());
        }
      }
    };
  }
}
