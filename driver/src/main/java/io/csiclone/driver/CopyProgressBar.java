package io.csiclone.driver;

import io.csiclone.copy.CopyListener;
import java.io.PrintWriter;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;

/** A copy's progress as a bar with rate and remaining time, as it is redrawn in one line. */
final class CopyProgressBar implements CopyListener, AutoCloseable {

  private static final int MIB = 1 << 20;
  private static final int UPDATE_MILLIS = 250;

  /** Of a line that goes where the width is not known. */
  private static final int WIDTH = 100;

  private final ProgressBar bar;
  private final Runnable endOfLine;

  private CopyProgressBar(ProgressBar bar, Runnable endOfLine) {
    this.bar = bar;
    this.endOfLine = endOfLine;
  }

  /**
   * A bar in the terminal's width.
   *
   * @param err where the bar goes when the output is no terminal
   */
  static CopyProgressBar on(PrintWriter err, boolean terminal) {
    ProgressBarConsumer consumer =
        terminal
            ? new ConsoleProgressBarConsumer(System.err)
            : new DelegatingProgressBarConsumer(
                line -> {
                  err.print(line + "\r");
                  err.flush();
                },
                WIDTH);
    ProgressBar bar =
        new ProgressBarBuilder()
            .setTaskName("copy")
            .setStyle(ProgressBarStyle.ASCII)
            .setUnit(" MiB", MIB)
            .showSpeed()
            .setUpdateIntervalMillis(UPDATE_MILLIS)
            .setConsumer(consumer)
            .build();
    return new CopyProgressBar(bar, terminal ? () -> {} : err::println);
  }

  @Override
  public void progress(long done, long total) {
    bar.maxHint(total);
    bar.stepTo(done);
  }

  @Override
  public void close() {
    bar.close();
    endOfLine.run();
  }
}
