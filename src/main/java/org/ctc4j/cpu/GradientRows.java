package org.ctc4j.cpu;

import java.util.Arrays;
import org.ctc4j.ElementType;
import org.ctc4j.Elements;
import org.ctc4j.FrameTensor;

/**
 * Rows of the gradient of one utterance: where they belong, if they belong in a {@code float[]}
 * side by side, else in an array that {@link #store} copies from.
 *
 * <p>What is put in is multiplied by the utterance's weight in two parts: by {@link #factor}, a
 * float, before, and by what is left of it here. The second part is 1 but for float64 gradients and
 * for weights that a float cannot hold well.
 */
final class GradientRows {
  private static final double LEAST_FLOAT_WEIGHT = 0x1p-80;
  private static final double LARGEST_FLOAT_WEIGHT = 0x1p80;

  float[] array;

  /** What the caller multiplies by. */
  float factor;

  private double rest;
  private FrameTensor gradient;
  private Elements elements;
  private long start;
  private float[] direct;
  private float[] copy = {};
  private int classes;

  /**
   * @param tensor the gradient; null if none is asked for: then rows are mere room to compute in
   */
  void begin(FrameTensor tensor, int n, int classes, double weight) {
    this.classes = classes;
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
      copy = KeptArrays.atLeast(copy, (long) FrameBlock.most(classes) * classes);
    }
  }

  /** Lets go of the gradient. */
  void release() {
    gradient = null;
    elements = null;
    direct = null;
    array = null;
  }

  /** Goes to some frames; {@code block} gets where the rows stand. */
  void seek(int from, int count, FrameBlock block) {
    array = direct != null ? direct : copy;
    for (int i = 0; i < count; i++) {
      block.outAt[i] = direct != null ? (int) index(from + i) : i * classes;
    }
  }

  /** Stores the rows that were computed for some frames. */
  void store(int from, int count) {
    if (direct != null) {
      return;
    }
    long stride = gradient.classStride();
    for (int i = 0; i < count; i++) {
      if (rest == 1) {
        elements.write(index(from + i), stride, copy, i * classes, classes);
      } else {
        for (int c = 0; c < classes; c++) {
          elements.set(index(from + i) + c * stride, rest * copy[i * classes + c]);
        }
      }
    }
  }

  /** Stores weight · unit · values of all classes in frame t. */
  void store(int t, double[] values, double unit) {
    long at = index(t);
    for (int c = 0; c < classes; c++) {
      elements.set(at + c * gradient.classStride(), rest * factor * unit * values[c]);
    }
  }

  /** Stores weight · unit · values[from + k] at the k-th class, for k &lt; n, in frame t. */
  void store(int t, int[] classes, double[] values, int from, int n, double unit) {
    long at = index(t);
    float[] row = direct;
    if (row != null) {
      double weight = factor * unit;
      for (int k = 0; k < n; k++) {
        row[(int) at + classes[k]] = (float) (weight * values[from + k]);
      }
      return;
    }
    for (int k = 0; k < n; k++) {
      elements.set(
          at + classes[k] * gradient.classStride(), rest * factor * unit * values[from + k]);
    }
  }

  /** Stores zeros in frames [from, to). */
  void clear(int from, int to) {
    for (int t = from; t < to; t++) {
      if (direct != null) {
        Arrays.fill(direct, (int) index(t), (int) index(t) + classes, 0);
      } else {
        Arrays.fill(copy, 0, classes, 0);
        elements.write(index(t), gradient.classStride(), copy, 0, classes);
      }
    }
  }

  private long index(int t) {
    return start + t * gradient.frameStride();
  }
}
