package org.ctc4j.cpu;

import org.ctc4j.ElementType;
import org.ctc4j.Elements;
import org.ctc4j.FrameTensor;

/**
 * Rows of the logits of one utterance as float32, C numbers from {@code array[at]} on: where they
 * lie, if they lie in a {@code float[]} side by side, else copied.
 *
 * <p>Float64 rows are rounded to float32 only after their largest number has been taken off, so
 * that large logits keep their differences.
 */
final class LogitRows {
  float[] array;
  int at;

  /** Of float64 rows: the largest number, NaNs left out. */
  double max;

  private boolean finite; // of float64 rows
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
      copy = Grow.atLeast(copy, tensor.classes());
    }
  }

  /** The array that holds the rows, if each is a run of floats in one; else null. */
  static float[] directArray(FrameTensor tensor) {
    return tensor.classStride() == 1 && tensor.elements().storage() instanceof float[] floats
        ? floats
        : null;
  }

  /**
   * Goes to frame t.
   *
   * @param lessMax whether to take {@link #max} off float64 rows
   */
  void seek(int t, boolean lessMax) {
    long index = start + t * logits.frameStride();
    if (direct != null) {
      array = direct;
      at = (int) index;
      return;
    }
    array = copy;
    at = 0;
    if (elements.type() == ElementType.FLOAT64) {
      seekDoubles(index, lessMax);
    } else {
      elements.read(index, logits.classStride(), copy, 0, logits.classes());
    }
  }

  private void seekDoubles(long index, boolean lessMax) {
    max = Double.NEGATIVE_INFINITY;
    finite = true;
    for (int c = 0; c < logits.classes(); c++) {
      double x = elements.get(index + c * logits.classStride());
      max = x > max ? x : max;
      finite &= x < Double.POSITIVE_INFINITY; // false for NaN
    }
    double shift = lessMax && finite && max > Double.NEGATIVE_INFINITY ? max : 0;
    for (int c = 0; c < logits.classes(); c++) {
      copy[c] = (float) (elements.get(index + c * logits.classStride()) - shift);
    }
  }

  boolean isDouble() {
    return elements.type() == ElementType.FLOAT64;
  }

  /** Whether none of the row is NaN or +Infinity. */
  boolean isFinite(Kernels kernels) {
    return isDouble() ? finite : kernels.finite(array, at, logits.classes());
  }
}
