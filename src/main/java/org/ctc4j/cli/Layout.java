package org.ctc4j.cli;

import java.util.Locale;
import org.ctc4j.Elements;
import org.ctc4j.FrameTensor;

/** The order of the axes of a file's logits. */
enum Layout {
  /** (T, N, C), time-major. */
  TNC(0, 1),
  /** (N, T, C), batch-major. */
  NTC(1, 0);

  private final int frameAxis;
  private final int utteranceAxis;

  Layout(int frameAxis, int utteranceAxis) {
    this.frameAxis = frameAxis;
    this.utteranceAxis = utteranceAxis;
  }

  /** The one with the axes swapped. */
  Layout other() {
    return this == TNC ? NTC : TNC;
  }

  int frames(int[] shape) {
    return shape[frameAxis];
  }

  int utterances(int[] shape) {
    return shape[utteranceAxis];
  }

  /**
   * A view of an array as a file stores it.
   *
   * @param shape three dimensions in this layout
   * @param fortranOrder whether the first axis varies fastest, not the last
   */
  FrameTensor view(Elements elements, int[] shape, boolean fortranOrder) {
    long[] strides =
        fortranOrder
            ? new long[] {1, shape[0], (long) shape[0] * shape[1]}
            : new long[] {(long) shape[1] * shape[2], shape[2], 1};
    return FrameTensor.strided(
        elements,
        0,
        frames(shape),
        utterances(shape),
        shape[2],
        strides[frameAxis],
        strides[utteranceAxis],
        strides[2]);
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
