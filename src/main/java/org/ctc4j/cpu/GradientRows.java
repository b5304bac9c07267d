package org.ctc4j.cpu;

import java.util.Arrays;
import org.ctc4j.ElementType;
import org.ctc4j.Elements;
import org.ctc4j.FrameTensor;

/**
 * Rows of the gradient of one utterance, C numbers from {@code array[at]} on: where they belong, if
 * they belong in a {@code float[]} side by side, else in an array that {@link #store} copies from.
 *
 * <p>What is put in is multiplied by the utterance's weight in two parts: by {@link #factor}, a
 * float, before, and by what is left of it here. The second part is 1 but for float64 gradients and
 * for weights that a float cannot hold well.
 */
final class GradientRows {
  private static final double LEAST_FLOAT_WEIGHT = 0x1p-80;
  private static final double LARGEST_FLOAT_WEIGHT = 0x1p80;

  float[] array;
  int at;

  /** What the caller multiplies by. */
  float factor;

  private double rest;
  private FrameTensor gradient;
  private Elements elements;
  private long start;
  private float[] direct;
  private float[] copy = {};

  /**
   * @param tensor the gradient; null if none is asked for: then rows are mere room to compute in
   */
  void begin(FrameTensor tensor, int n, int classes, double weight) {
    gradient = tensor;
    direct = null;
    factor = 1;
    rest = weight;
    if (tensor != null) {
      elements = tensor.elements();
      start = tensor.start(n);
      boolean floatWeight =
          Math.abs(weight) > LEAST_FLOAT_WEIGHT && Math.abs(weight) < LARGEST_FLOAT_WEIGHT;
      if (floatWeight && elements.type() != ElementType.FLOAT64) {
        factor = (float) weight;
        rest = 1;
        direct = LogitRows.directArray(tensor);
      }
    }
    if (direct == null) {
      copy = Grow.atLeast(copy, classes);
    }
  }

  /** Goes to frame t. */
  void seek(int t) {
    array = direct != null ? direct : copy;
    at = direct != null ? (int) index(t) : 0;
  }

  /** Stores the row that was computed for frame t. */
  void store(int t) {
    if (direct != null) {
      return;
    }
    long stride = gradient.classStride();
    if (rest == 1) {
      elements.write(index(t), stride, copy, 0, gradient.classes());
    } else {
      for (int c = 0; c < gradient.classes(); c++) {
        elements.set(index(t) + c * stride, rest * copy[c]);
      }
    }
  }

  /** Stores one number. */
  void store(int t, int c, double value) {
    if (direct != null) {
      direct[(int) index(t) + c] = (float) value;
    } else {
      elements.set(index(t) + c * gradient.classStride(), rest * value);
    }
  }

  /** Stores zeros in frames [from, to). */
  void clear(int from, int to) {
    for (int t = from; t < to; t++) {
      seek(t);
      Arrays.fill(array, at, at + gradient.classes(), 0);
      if (direct == null) {
        elements.write(index(t), gradient.classStride(), copy, 0, gradient.classes());
      }
    }
  }

  private long index(int t) {
    return start + t * gradient.frameStride();
  }
}
