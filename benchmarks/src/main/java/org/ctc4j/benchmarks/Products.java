package org.ctc4j.benchmarks;

import dev.ludovic.netlib.blas.BLAS;
import dev.ludovic.netlib.blas.JavaBLAS;
import dev.ludovic.netlib.blas.NativeBLAS;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.ctc4j.CpuCtc;

/**
 * The matrix products of a projection by the BLAS that ctc4j uses, cut as it cuts them, and nothing
 * else. Row-major; H (rows, D), W (C, D), X and G (rows, C).
 */
final class Products implements AutoCloseable {
  private static final int STRIP = 256;
  private static final int TILE = 512;
  private static final int CHUNK = 1024;
  private static final int PANEL = 2048;

  private final ProjectionCase of;
  private final BLAS blas;
  private final ExecutorService pool;
  private final ThreadLocal<float[]> tile = ThreadLocal.withInitial(() -> new float[STRIP * TILE]);

  Products(ProjectionCase of, int threads) {
    this.of = of;
    blas = CpuCtc.blas().equals("OpenBLAS") ? NativeBLAS.getInstance() : JavaBLAS.getInstance();
    pool = Executors.newFixedThreadPool(threads);
  }

  /** X = H Wᵀ, as a whole. */
  void logits(float[] x) {
    List<Runnable> tasks = new ArrayList<>();
    for (int row = 0; row < of.rows(); row += STRIP) {
      for (int c = 0; c < of.classes(); c += TILE) {
        int r = row;
        int from = c;
        int count = Math.min(STRIP, of.rows() - row);
        tasks.add(() -> logits(r, count, from, width(from, TILE), x, at(r, from), of.classes()));
      }
    }
    run(tasks);
  }

  /** dH = G W and dW = Gᵀ H, as a whole. */
  void gradients(float[] g, float[] hiddenGradient, float[] weightGradient) {
    for (int c = 0; c < of.classes(); c += CHUNK) {
      int columns = width(c, CHUNK);
      run(products(0, of.rows(), c, columns, g, c, of.classes(), hiddenGradient, weightGradient));
    }
  }

  /** The four products of the fused way: the logits twice, a tile at a time, dH and dW. */
  void fused(float[] hiddenGradient, float[] weightGradient) {
    List<Runnable> tasks = new ArrayList<>();
    int strip = strip();
    for (int c = 0; c < of.classes(); c += TILE) {
      for (int row = 0; row < of.rows(); row += strip) {
        int r = row;
        int from = c;
        int count = Math.min(strip, of.rows() - row);
        tasks.add(() -> logits(r, count, from, width(from, TILE), tile.get(), 0, TILE));
      }
    }
    run(tasks);
    int ld = Math.min(CHUNK, of.classes());
    float[] x = new float[Math.min(PANEL, of.rows()) * ld];
    int panel = Math.max(1, PANEL / strip) * strip;
    for (int row = 0; row < of.rows(); row += panel) {
      int rows = Math.min(panel, of.rows() - row);
      for (int c = 0; c < of.classes(); c += CHUNK) {
        int columns = width(c, CHUNK);
        tasks = new ArrayList<>();
        for (int r = row; r < row + rows; r += strip) {
          for (int k = c; k < c + columns; k += TILE) {
            int first = r;
            int from = k;
            int count = Math.min(strip, row + rows - r);
            int at = (r - row) * ld + k - c;
            int width = Math.min(TILE, c + columns - k);
            tasks.add(() -> logits(first, count, from, width, x, at, ld));
          }
        }
        run(tasks);
        run(products(row, rows, c, columns, x, 0, ld, hiddenGradient, weightGradient));
      }
    }
  }

  private int strip() {
    int count = (of.frames() + STRIP - 1) / STRIP;
    return (of.frames() + count - 1) / count;
  }

  private int width(int from, int most) {
    return Math.min(most, of.classes() - from);
  }

  private int at(int row, int c) {
    return row * of.classes() + c;
  }

  private void logits(int row, int rows, int from, int columns, float[] x, int at, int ld) {
    int d = of.dimensions();
    blas.sgemm(
        "T",
        "N",
        columns,
        rows,
        d,
        1,
        of.weight(),
        from * d,
        d,
        of.hidden(),
        row * d,
        d,
        0,
        x,
        at,
        ld);
  }

  private List<Runnable> products(
      int row, int rows, int c, int columns, float[] g, int at, int ld, float[] dh, float[] dw) {
    int d = of.dimensions();
    int strip = strip();
    List<Runnable> tasks = new ArrayList<>();
    for (int k = 0; k < columns; k += TILE / 4) {
      int from = k;
      int count = Math.min(TILE / 4, columns - k);
      for (int j = 0; j < d; j += TILE) {
        int first = j;
        int width = Math.min(TILE, d - j);
        tasks.add(
            () ->
                blas.sgemm(
                    "N",
                    "T",
                    width,
                    count,
                    rows,
                    1,
                    of.hidden(),
                    row * d + first,
                    d,
                    g,
                    at + from,
                    ld,
                    row == 0 ? 0 : 1,
                    dw,
                    (c + from) * d + first,
                    d));
      }
    }
    for (int r = 0; r < rows; r += strip) {
      int from = r;
      int count = Math.min(strip, rows - r);
      for (int j = 0; j < d; j += TILE) {
        int first = j;
        int width = Math.min(TILE, d - j);
        tasks.add(
            () ->
                blas.sgemm(
                    "N",
                    "N",
                    width,
                    count,
                    columns,
                    1,
                    of.weight(),
                    c * d + first,
                    d,
                    g,
                    at + from * ld,
                    ld,
                    c == 0 ? 0 : 1,
                    dh,
                    (row + from) * d + first,
                    d));
      }
    }
    return tasks;
  }

  private void run(List<Runnable> tasks) {
    List<Callable<Object>> calls =
        tasks.stream()
            .map(
                task ->
                    (Callable<Object>)
                        () -> {
                          task.run();
                          return null;
                        })
            .toList();
    try {
      for (Future<Object> done : pool.invokeAll(calls)) {
        done.get();
      }
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    pool.shutdown();
  }
}
