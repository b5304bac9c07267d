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
      copy = KeptArrays.atLeast(copy, (long) rows * tensor.classes());
    }
  }

  /** Lets go of the logits. */
  void release() {
    logits = null;
    elements = null;
    direct = null;
    array = null;
  }

  /** The array that holds the rows, if each is a run of floats in one; else null. */
  static float[] directArray(FrameTensor tensor) {
    return tensor.classStride() == 1 && tensor.elements().storage() instanceof float[] floats
        ? floats
        : null;
  }

  /** Goes to some frames; {@code block} gets where the rows stand. */
  void seek(int from, int count, FrameBlock block) {
    array = direct != null ? direct : copy;
    for (int i = 0; i < count; i++) {
      long index = start + (from + i) * logits.frameStride();
      block.at[i] = direct != null ? (int) index : i * logits.classes();
      if (direct == null) {
        elements.read(index, logits.classStride(), copy, block.at[i], logits.classes());
      }
    }
  }

  /** Copies frame t as it is. */
  void copy(int t, double[] into) {
    long index = start + t * logits.frameStride();
    for (int c = 0; direct != null && c < logits.classes(); c++) {
      into[c] = direct[(int) index + c];
    }
    for (int c = 0; direct == null && c < logits.classes(); c++) {
      into[c] = elements.get(index + c * logits.classStride());
    }
  }

  boolean isDouble() {
    return elements.type() == ElementType.FLOAT64;
  }
}
