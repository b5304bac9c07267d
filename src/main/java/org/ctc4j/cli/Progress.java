package org.ctc4j.cli;

import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * A progress bar on standard error, if that is a terminal, for work that takes over a second; else
 * nothing. The launcher knows whether it is a terminal and says so in a system property.
 */
final class Progress implements AutoCloseable {
  private static final boolean TERMINAL = Boolean.getBoolean("org.ctc4j.cli.terminal");
  private static final int PATIENCE_MILLISECONDS = 1000;
  private static final long UNKNOWN = -1; // the bar then runs to and fro

  private final AtomicLong done = new AtomicLong();
  private final Timer timer;
  private ProgressBar bar;

  private Progress(String task, String unit, long unitSize, long total) {
    if (!TERMINAL) {
      timer = null;
      return;
    }
    timer = new Timer("ctc4j-progress", true);
    TimerTask show =
        new TimerTask() {
          @Override
          public void run() {
            show(task, unit, unitSize, total);
          }
        };
    timer.schedule(show, PATIENCE_MILLISECONDS, 200);
  }

  /** Work of a known number of bytes; {@link #bytes} tells how far it is. */
  static Progress ofBytes(String task, long total) {
    return new Progress(task, " MiB", 1 << 20, total);
  }

  /** Does work of which only the elapsed time is known. */
  static <T> T during(String task, Supplier<T> work) {
    Progress progress = new Progress(task, "", 1, UNKNOWN);
    try {
      return work.get();
    } finally {
      progress.close();
    }
  }

  /** So many bytes are done. */
  void bytes(long count) {
    done.set(count);
  }

  private synchronized void show(String task, String unit, long unitSize, long total) {
    if (bar == null) {
      bar =
          new ProgressBarBuilder()
              .setTaskName(task)
              .setUnit(unit, unitSize)
              .setInitialMax(total)
              .setStyle(ProgressBarStyle.ASCII)
              .clearDisplayOnFinish()
              .build();
    }
    bar.stepTo(done.get());
  }

  @Override
  public void close() {
    if (timer == null) {
      return;
    }
    timer.cancel();
    synchronized (this) {
      if (bar != null) {
        bar.close();
      }
    }
  }
}
