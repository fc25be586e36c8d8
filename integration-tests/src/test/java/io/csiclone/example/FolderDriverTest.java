package io.csiclone.example;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.csi.CsiServer;
import io.csiclone.csiproto.CapacityRange;
import io.csiclone.csiproto.ControllerGrpc;
import io.csiclone.csiproto.CreateVolumeRequest;
import io.csiclone.csiproto.Volume;
import io.csiclone.csiproto.VolumeCapability;
import io.csiclone.csiproto.VolumeCapability.AccessMode;
import io.csiclone.csiproto.VolumeCapability.BlockVolume;
import io.csiclone.csiproto.VolumeContentSource;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example works as the README says: an empty volume is made, and a clone of it. */
class FolderDriverTest {

  @Test
  void theExampleClonesAVolume(@TempDir Path folder) throws Exception {
    Path socket = folder.resolve("csi.sock");
    var events = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    try (CsiServer server =
        FolderDriver.serve(Files.createDirectory(folder.resolve("pool")), socket)) {
      ManagedChannel channel =
          NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(server.socket()))
              .channelType(NioDomainSocketChannel.class)
              .eventLoopGroup(events)
              .usePlaintext()
              .build();
      try {
        var controller = ControllerGrpc.newBlockingStub(channel);
        Volume source = controller.createVolume(request("source").build()).getVolume();
        byte[] bytes = new byte[1 << 20];
        new Random(7).nextBytes(bytes);
        Path pool = folder.resolve("pool");
        Files.write(pool.resolve(source.getVolumeId()), bytes);

        VolumeContentSource from =
            VolumeContentSource.newBuilder()
                .setVolume(
                    VolumeContentSource.VolumeSource.newBuilder().setVolumeId(source.getVolumeId()))
                .build();
        Volume clone =
            controller
                .createVolume(request("clone").setVolumeContentSource(from).build())
                .getVolume();

        assertThat(clone.getContentSource()).isEqualTo(from);
        assertThat(pool.resolve(clone.getVolumeId())).hasBinaryContent(bytes);
      } finally {
        channel.shutdownNow();
      }
    } finally {
      events.shutdownGracefully();
    }
  }

  private static CreateVolumeRequest.Builder request(String name) {
    return CreateVolumeRequest.newBuilder()
        .setName(name)
        .setCapacityRange(CapacityRange.newBuilder().setRequiredBytes(1 << 20))
        .addVolumeCapabilities(
            VolumeCapability.newBuilder()
                .setBlock(BlockVolume.getDefaultInstance())
                .setAccessMode(
                    AccessMode.newBuilder().setMode(AccessMode.Mode.SINGLE_NODE_WRITER)));
  }
}
