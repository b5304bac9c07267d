package org.ctc4j.cpu;

/** What one thread needs while it works on one utterance. */
final class Scratch {
  final Kernels kernels;
  final LogitRows logits = new LogitRows();
  final GradientRows gradient = new GradientRows();
  final PosteriorRows posteriors = new PosteriorRows();

  /** Of the frame at work. */
  final Emission emission = new Emission();

  /** Of frames whose rows are recomputed. */
  final Emission recomputed = new Emission();

  /** Logits of the labels of one frame. */
  float[] gathered = {};

  double[] exact = {};

  /** Posteriors of the labels; after them the sum over the blanks and the sum over the labels. */
  float[] gamma = {};

  /** Posteriors summed by class. */
  float[] sums = {};

  /** Of {@link SureTotal}. */
  double[] sureBlanks = {};

  double[] sureLabels = {};

  Scratch(Kernels kernels) {
    this.kernels = kernels;
  }

  void begin(Utterance utterance) {
    int row = utterance.rowLength();
    utterance.begin(logits, gradient, posteriors);
    emission.begin(row);
    recomputed.begin(row);
    gathered = Grow.atLeast(gathered, row);
    exact = Grow.atLeast(exact, row);
    gamma = Grow.atLeast(gamma, row + 2);
    sums = Grow.atLeast(sums, row);
  }
}
