package org.ctc4j.lm;

import java.util.Arrays;

/** Probabilities or backoffs of the n-grams of one order, log10. */
interface Weights {
  float get(int i);

  /** As they are. */
  record Exact(Column bits) implements Weights {
    static Exact of(float[] values) {
      int[] bits = new int[values.length];
      Arrays.setAll(bits, i -> Float.floatToRawIntBits(values[i]));
      return new Exact(Column.of(bits));
    }

    @Override
    public float get(int i) {
      return Float.intBitsToFloat(bits.get(i));
    }
  }

  /** Each the nearest of 256 values. */
  record Quantised(float[] values, Column.OfBytes indices) implements Weights {
    static final int VALUES = 256;

    /** Values that stand for equally many each, as their mean; where there are no more, all. */
    static Quantised of(Weights exact, int count) {
      float[] sorted = new float[count];
      for (int i = 0; i < count; i++) {
        sorted[i] = exact.get(i);
      }
      Arrays.sort(sorted);
      float[] values = values(sorted);
      byte[] indices = new byte[count];
      for (int i = 0; i < count; i++) {
        indices[i] = (byte) nearest(values, exact.get(i));
      }
      return new Quantised(values, Column.OfBytes.of(indices));
    }

    private static float[] values(float[] sorted) {
      float[] distinct = new float[VALUES];
      int count = 0;
      for (int i = 0; i < sorted.length && count <= VALUES; i++) {
        if (i == 0 || sorted[i] != sorted[i - 1]) {
          if (count < VALUES) {
            distinct[count] = sorted[i];
          }
          count++;
        }
      }
      if (count <= VALUES) {
        Arrays.fill(distinct, count, VALUES, count == 0 ? 0 : distinct[count - 1]);
        return distinct;
      }
      float[] values = new float[VALUES];
      for (int k = 0; k < VALUES; k++) {
        int from = (int) ((long) sorted.length * k / VALUES);
        int to = (int) ((long) sorted.length * (k + 1) / VALUES);
        double sum = 0;
        for (int i = from; i < to; i++) {
          sum += sorted[i];
        }
        values[k] = (float) (sum / (to - from)); // of more than 256 numbers there is one or more
      }
      return values;
    }

    private static int nearest(float[] values, float value) {
      int at = Arrays.binarySearch(values, value);
      if (at >= 0) {
        return at;
      }
      int above = -at - 1;
      if (above == 0 || above == VALUES) {
        return Math.min(above, VALUES - 1);
      }
      return value - values[above - 1] <= values[above] - value ? above - 1 : above;
    }

    @Override
    public float get(int i) {
      return values[indices.get(i)];
    }
  }
}
