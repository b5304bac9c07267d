package org.ctc4j.cpu;

import org.ctc4j.ElementType;
import org.ctc4j.Elements;
import org.ctc4j.FrameTensor;

/**
 * Rows of the logits of one utterance as float32: where they lie, if they lie in a {@code float[]}
 * side by side, else copied.
 *
 * <p>Float64 rows are rounded to float32 only after their largest number has been taken off, so
 * that large logits keep their differences.
 */
final class LogitRows {
  float[] array;

  private FrameTensor logits;
  private Elements elements;
  private long start;
  private float[] direct;
  private float[] copy = {};

  void begin(FrameTensor tensor, int n) {
    logits = tensor;
    elements = tensor.elements();
    start = tensor.start(n);
    direct = directArray(tensor);
    if (direct == null) {
      int rows = FrameBlock.most(tensor.classes());
      copy = Grow.atLeast(copy, (long) rows * tensor.classes());
    }
  }

  /** The array that holds the rows, if each is a run of floats in one; else null. */
  static float[] directArray(FrameTensor tensor) {
    return tensor.classStride() == 1 && tensor.elements().storage() instanceof float[] floats
        ? floats
        : null;
  }

  /**
   * Goes to some frames.
   *
   * @param lessMax whether to take the largest number off float64 rows
   * @param block gets where the rows stand, and what was taken off
   */
  void seek(int from, int count, boolean lessMax, FrameBlock block) {
    array = direct != null ? direct : copy;
    for (int i = 0; i < count; i++) {
      long index = start + (from + i) * logits.frameStride();
      block.at[i] = direct != null ? (int) index : i * logits.classes();
      block.bases[i] = 0;
      if (direct == null) {
        if (isDouble()) {
          block.bases[i] = copyDoubles(index, block.at[i], lessMax);
        } else {
          elements.read(index, logits.classStride(), copy, block.at[i], logits.classes());
        }
      }
    }
  }

  /** Returns what was taken off. */
  private double copyDoubles(long index, int at, boolean lessMax) {
    double max = Double.NEGATIVE_INFINITY;
    boolean finite = true;
    for (int c = 0; c < logits.classes(); c++) {
      double x = elements.get(index + c * logits.classStride());
      max = x > max ? x : max;
      finite &= x < Double.POSITIVE_INFINITY; // false for NaN
    }
    double shift = lessMax && finite && max > Double.NEGATIVE_INFINITY ? max : 0;
    for (int c = 0; c < logits.classes(); c++) {
      double x = elements.get(index + c * logits.classStride());
      float rounded = (float) (x - shift);
      boolean overflows = Float.isInfinite(rounded) && Double.isFinite(x);
      copy[at + c] = overflows ? Math.copySign(Float.MAX_VALUE, rounded) : rounded;
    }
    return shift;
  }

  boolean isDouble() {
    return elements.type() == ElementType.FLOAT64;
  }
}
