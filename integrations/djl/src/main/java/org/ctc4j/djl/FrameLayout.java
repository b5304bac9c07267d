package org.ctc4j.djl;

/** The order of the dimensions of predictions. */
public enum FrameLayout {
  /** (N, T, C): as most models of DJL have it. */
  BATCH_MAJOR("(N, T, C)", 0, 1),
  /** (T, N, C): as PyTorch's own CTC has it. */
  TIME_MAJOR("(T, N, C)", 1, 0);

  final String axes;
  final int utteranceAxis;
  final int frameAxis;

  FrameLayout(String axes, int utteranceAxis, int frameAxis) {
    this.axes = axes;
    this.utteranceAxis = utteranceAxis;
    this.frameAxis = frameAxis;
  }
}
