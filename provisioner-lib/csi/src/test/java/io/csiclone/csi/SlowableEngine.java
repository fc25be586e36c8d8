package io.csiclone.csi;

import io.csiclone.copy.CopyEngine;
import io.csiclone.copy.CopyListener;
import io.csiclone.copy.CopyOptions;
import io.csiclone.copy.CopyReport;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The real engine; its copies can be slowed down, and its reports are kept. */
final class SlowableEngine implements CopyEngine {

  private static final int SMALL_GRANULE = 256 << 10;

  final List<CopyReport> reports = new CopyOnWriteArrayList<>();
  volatile long bytesPerSecond = Long.MAX_VALUE;
  private final CopyEngine engine;

  SlowableEngine(CopyEngine engine) {
    this.engine = engine;
  }

  @Override
  public CopyReport copy(Path source, Path target, CopyOptions options, CopyListener listener)
      throws InterruptedException {
    CopyReport report =
        engine.copy(
            source, target, options.limitedTo(bytesPerSecond).withGranule(SMALL_GRANULE), listener);
    reports.add(report);
    return report;
  }

  @Override
  public void close() {
    engine.close();
  }
}
