package org.ctc4j.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.ctc4j.Seed;
import org.junit.jupiter.api.Test;

/**
 * The loops over rows against {@link Math}, in rows of every length up to a few vectors, and some
 * long.
 */
class KernelsTest {
  private static final float INFINITY = Float.POSITIVE_INFINITY;

  private final Kernels kernels = KernelChoice.get().kernels();

  @Test
  void exp() {
    Random random = Seed.random(getClass());
    for (int n = 1; n < 1400; n += n < 70 ? 1 : 221) {
      float[] x = new float[n + 3];
      float[] out = new float[n + 5];
      for (int i = 0; i < n; i++) {
        x[3 + i] = (float) (random.nextDouble() * -100);
      }
      double sum = kernels.exp(x, 3, n, 1, out, 5);
      double expected = 0;
      for (int i = 0; i < n; i++) {
        double e = Math.exp(x[3 + i] - 1f);
        expected += e;
        assertEquals(e, out[5 + i], e < 1e-37 ? 2e-38 : 2e-7 * e);
      }
      assertEquals(expected, sum, 1e-6 * expected + 1e-37);
    }
  }

  @Test
  void expOfSpecialNumbers() {
    for (int n = 1; n < 20; n++) {
      float[] x = new float[n];
      float[] out = new float[n];
      Arrays.fill(x, -INFINITY);
      assertEquals(0, kernels.exp(x, 0, n, 0, out, 0));
      x[n / 2] = 88;
      assertEquals(Math.exp(88), kernels.exp(x, 0, n, 0, out, 0), 1e-6 * Math.exp(88));
      x[n / 2] = 0;
      assertEquals(1, kernels.exp(x, 0, n, 0, out, 0));
      assertEquals(1, kernels.sum(out, 0, n));
      x[n / 2] = Float.NaN;
      assertTrue(Double.isNaN(kernels.exp(x, 0, n, 0, out, 0)));
      assertFalse(kernels.finite(x, 0, n));
      assertEquals(-INFINITY, kernels.max(x, 0, n));
      x[n / 2] = INFINITY;
      assertTrue(Double.isNaN(kernels.exp(x, 0, n, INFINITY, out, 0)));
      assertFalse(kernels.finite(x, 0, n));
      assertEquals(INFINITY, kernels.max(x, 0, n));
      x[n / 2] = -1e30f;
      assertTrue(kernels.finite(x, 0, n));
      assertEquals(-1e30f, kernels.max(x, 0, n));
    }
  }

  @Test
  void maximum() {
    Random random = Seed.random(getClass());
    for (int n = 1; n < 70; n++) {
      float[] x = new float[n + 2];
      for (int i = 0; i < n; i++) {
        x[1 + i] = (float) random.nextGaussian() - 9;
      }
      for (int i = 0; i < n; i++) {
        x[1 + i] += 10;
        assertEquals(x[1 + i], Math.max(kernels.max(x, 1, n), x[1 + i]));
        x[1 + i] -= 10;
      }
    }
  }

  @Test
  void expOfDoubles() {
    Random random = Seed.random(getClass());
    for (int n = kernels.lanes(); n < 100; n += kernels.lanes()) {
      for (double deviation : new double[] {0.1, 10, 650}) {
        int length = 3 * n;
        double[] shifts = {0, 5, -5, 1e6};
        double[] x = new double[length];
        for (int i = 0; i < length; i++) {
          x[i] = shifts[1 + i / n] - random.nextDouble() * deviation;
        }
        x[n + n / 2] = shifts[2];
        double[] out = new double[length + 3];
        double least = kernels.exp(rows(x, 3, n), shifts, 1, out, 3);
        assertEquals(Arrays.stream(out, 3, length + 3).min().getAsDouble(), least, 1e-12 * least);
        assertEquals(1, out[3 + n + n / 2]);
        for (int i = 0; i < length; i++) {
          double e = Math.exp(x[i] - shifts[1 + i / n]);
          assertEquals(e, out[3 + i], 2e-13 * e);
        }
        x[n - 1] = -INFINITY;
        x[length - 1] = shifts[3] - 1e5;
        least = kernels.exp(rows(x, 3, n), shifts, 1, out, 3);
        assertEquals(Math.exp(Kernels.EXP_LEAST), out[3 + n - 1], 1e-12 * least);
        assertEquals(Math.exp(Kernels.EXP_LEAST), out[3 + length - 1], 1e-12 * least);
        assertTrue(least < 1e-303);
      }
    }
  }

  @Test
  void rows() {
    Random random = Seed.random(getClass());
    for (int n = 1; n < 70; n++) {
      float[] x = new float[3 * n];
      float[] out = new float[3 * n];
      for (int i = 0; i < 3 * n; i++) {
        x[i] = (float) (5 * random.nextGaussian());
      }
      x[n] = 100;
      x[2 * n] = Float.NaN;
      FrameBlock block = new FrameBlock();
      for (int row = 0; row < 3; row++) {
        block.at[row] = row * n;
        block.outAt[row] = (2 - row) * n;
      }
      kernels.exp(x, 3, n, out, block);
      double sum = 0;
      for (int i = 0; i < n; i++) {
        assertEquals(Math.exp(x[i]), out[2 * n + i], 2e-7 * Math.exp(x[i]));
        sum += Math.exp(x[i]);
      }
      assertEquals(sum, block.sums[0], 1e-6 * sum);
      assertTrue(block.sums[1] > 1e38);
      assertTrue(Double.isNaN(block.sums[2]));
    }
  }

  @Test
  void maximaOfDoubles() {
    int n = 3 * kernels.lanes();
    double[] x = Seed.random(getClass()).doubles(4 * n, -9, -8).toArray();
    double[] max = new double[6];
    for (int i = 0; i < n; i++) {
      x[n + i] = 1;
      kernels.max(rows(x, 4, n), max, 2);
      assertEquals(1, max[3]);
      assertTrue(max[2] < -8 && max[4] < -8 && max[5] < -8);
      assertEquals(Arrays.stream(x, 3 * n, 4 * n).max().getAsDouble(), max[5]);
      x[n + i] = -10;
    }
  }

  @Test
  void products() {
    Random random = Seed.random(getClass());
    for (int labels : new int[] {1, 20, 40, 47, 60, 100}) {
      Stripes stripes = new Stripes().begin(labels, kernels.lanes(), Resolution.COARSE);
      int length = stripes.rowLength();
      int width = stripes.width();
      RowCursor x = cursor(random.doubles(3L * length, 1, 2).toArray(), length, length);
      RowCursor y = cursor(random.doubles(3L * length, 1, 2).toArray(), 2 * length, -length);
      double[] ofAlpha = random.doubles(stripes.count(), -1020, 20).map(Math::rint).toArray();
      double[] ofBeta = random.doubles(stripes.count(), -300, 20).map(Math::rint).toArray();
      PosteriorScaling scaling = new PosteriorScaling();
      scaling.begin(stripes);
      assertTrue(scaling.seek(ofAlpha, 0, ofBeta, 0, 40));
      ProductRows got = new ProductRows();
      got.begin(stripes);
      got.count = 2;
      got.ofEachBlank = true;
      kernels.products(x, y, scaling, got);
      for (int row = 0; row < 2; row++) {
        double ofBlanks = 0;
        for (int i = 0; i < length; i++) {
          int s = stripes.stripe(i % width);
          double product = x.m[(1 + row) * length + i] * y.m[(2 - row) * length + i];
          double factor = Math.pow(2, ofAlpha[s] + ofBeta[s] - 40);
          double expected = product * factor;
          double value = got.ofStates[row * length + i];
          boolean mayBeZero = factor < Double.MIN_NORMAL || expected < Double.MIN_NORMAL;
          assertEquals(expected, value, mayBeZero ? expected : 0);
          ofBlanks += i < width ? value : 0;
        }
        assertEquals(ofBlanks, got.ofBlanks[row], 1e-15 * ofBlanks);
      }
    }
  }

  private static RowCursor cursor(double[] m, int at, int step) {
    RowCursor cursor = new RowCursor();
    cursor.m = m;
    cursor.at = at;
    cursor.step = step;
    return cursor;
  }

  @Test
  void log1p() {
    Random random = Seed.random(getClass());
    assertEquals(0.0, Emissions.log1p(0));
    for (int i = 0; i < 100_000; i++) {
      double x = Math.pow(2, 4 - 60 * random.nextDouble());
      assertEquals(Math.log1p(x), Emissions.log1p(x), 4 * Math.ulp(Math.log1p(x)));
    }
    assertEquals(Double.MIN_VALUE, Emissions.log1p(Double.MIN_VALUE));
  }

  private static DoubleRows rows(double[] x, int count, int length) {
    return new DoubleRows().of(x, count, length);
  }
}
