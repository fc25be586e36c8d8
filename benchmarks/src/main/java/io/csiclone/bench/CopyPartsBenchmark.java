package io.csiclone.bench;

import io.csiclone.copy.VolumeDigest;
import io.csiclone.copy.internal.linux.AlignedBuffer;
import io.csiclone.copy.internal.linux.BufferSlab;
import io.csiclone.copy.internal.linux.Descriptor;
import io.csiclone.copy.internal.linux.SystemCallException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/**
 * What digest, zero detection and system calls cost by themselves. Reaches into the engine's
 * internal package, which the parts of the product may not: there is no other way to what it
 * measures.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class CopyPartsBenchmark {

  private static final int MIB = 1 << 20;

  /** Of the digest. */
  private static final int BLOCK = 64 << 10;

  /** Of a filesystem: what zeros are looked for in. */
  private static final int GRANULE = 4096;

  private static final int FILE_MIB = 64;

  private final Path file;
  private final Descriptor descriptor;
  private final FileChannel channel;
  private final BufferSlab memory = new BufferSlab(2, MIB);
  private final AlignedBuffer data = memory.buffer(0);
  private final AlignedBuffer zeros = memory.buffer(1);

  /** A file in memory and buffers that hold its beginning. */
  public CopyPartsBenchmark() {
    try {
      file = Files.createTempFile(Path.of("/dev/shm"), "copy-parts", "");
      Content.dense((long) FILE_MIB * MIB).writeTo(file);
      descriptor = Descriptor.forReading(file);
      channel = FileChannel.open(file);
      int count = descriptor.readFully(data, 0, MIB, 0);
      if (count < MIB) {
        throw new IllegalStateException(file + " is too short");
      }
      zeros.clear(MIB);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Frees everything. */
  @TearDown
  public void close() throws IOException {
    channel.close();
    descriptor.close();
    memory.close();
    Files.delete(file);
  }

  /** XXH3-128 of 1 MiB, block by block. */
  @Benchmark
  public void digestOfOneMebibyte(Blackhole sink) {
    for (int at = 0; at < MIB; at += BLOCK) {
      sink.consume(data.xxh3(at, BLOCK));
    }
  }

  /** The digest of a file of 64 MiB in memory, its reading included. */
  @Benchmark
  public VolumeDigest digestOfVolumeOf64Mebibytes() {
    return VolumeDigest.of(file);
  }

  /** 1 MiB of zeros, granule by granule. */
  @Benchmark
  public int zerosFoundInOneMebibyteOfZeros() {
    return zerosIn(zeros);
  }

  /** 1 MiB of random bytes, granule by granule. */
  @Benchmark
  public int zerosFoundInOneMebibyteOfData() {
    return zerosIn(data);
  }

  private static int zerosIn(AlignedBuffer buffer) {
    int found = 0;
    for (int at = 0; at < MIB; at += GRANULE) {
      found += buffer.isZero(at, at + GRANULE) ? 1 : 0;
    }
    return found;
  }

  /** lseek by a foreign function call that keeps errno. */
  @Benchmark
  public long seekThroughForeignFunction() throws SystemCallException {
    return descriptor.seekData(0);
  }

  /** lseek by the JDK's own native method, for comparison. */
  @Benchmark
  public long seekThroughTheJdk() throws IOException {
    return channel.position();
  }
}
