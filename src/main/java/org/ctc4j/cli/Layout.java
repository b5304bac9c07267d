package org.ctc4j.cli;

import java.util.Locale;
import org.ctc4j.Elements;
import org.ctc4j.FrameTensor;
import org.ctc4j.Strides;

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
    return full(shape)[frameAxis];
  }

  int utterances(int[] shape) {
    return full(shape)[utteranceAxis];
  }

  /** With an axis of one utterance, if it has none. */
  private int[] full(int[] shape) {
    if (shape.length == 3) {
      return shape;
    }
    return this == TNC ? new int[] {shape[0], 1, shape[1]} : new int[] {1, shape[0], shape[1]};
  }

  /**
   * A view of an array as a file stores it.
   *
   * @param shapeInFile three dimensions in this layout, or (T, C) of one utterance
   * @param fortranOrder whether the first axis varies fastest, not the last
   */
  FrameTensor view(Elements elements, int[] shapeInFile, boolean fortranOrder) {
    int[] shape = full(shapeInFile);
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
        new Strides(strides[frameAxis], strides[utteranceAxis], strides[2]));
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
