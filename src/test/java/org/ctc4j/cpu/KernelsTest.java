package org.ctc4j.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
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
    Random random = new Random(1);
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
      assertEquals(0, kernels.sumBelowOne(out, 0, n));
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
    Random random = new Random(2);
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

  /** Differences that float32 cannot hold still count exactly. */
  @Test
  void split() {
    int width = 4 * kernels.lanes();
    Random random = new Random(3);
    for (double deviation : new double[] {0.1, 10, 1e4, 2e5}) {
      float[] x = new float[width];
      float[] em = new float[width];
      int[] ee = new int[width];
      for (int i = 0; i < width; i++) {
        x[i] = (float) (random.nextDouble() * -deviation);
      }
      float reference = 0.1f;
      int least = kernels.split(x, width, reference, em, ee, 0);
      for (int i = 0; i < width; i++) {
        double log = Math.log(em[i]) + (ee[i] + Extended.BIAS) * Math.log(2);
        assertEquals((double) x[i] - reference, log, 3e-7 + 1e-12 * deviation);
        assertTrue(least <= ee[i] + Extended.BIAS && least > -Kernels.SPLIT_LIMIT);
      }
    }
  }

  @Test
  void splitTellsWhatIsTooFar() {
    int width = 2 * kernels.lanes();
    for (float low : new float[] {-2e6f, -8.72e6f, -1e30f, -INFINITY}) {
      float[] x = new float[width];
      x[1 % width] = low;
      int least = kernels.split(x, width, 0, new float[width], new int[width], 0);
      assertTrue(least <= -Kernels.SPLIT_LIMIT);
    }
  }
}
