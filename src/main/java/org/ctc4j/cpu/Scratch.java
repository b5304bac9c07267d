package org.ctc4j.cpu;

/** What one thread needs while it works on one utterance. */
final class Scratch {
  final Kernels kernels;
  final LogitRows logits = new LogitRows();
  final GradientRows gradient = new GradientRows();
  final PosteriorRows posteriors = new PosteriorRows();
  final Products products = new Products();

  /** Of the frame at work. */
  final Emission emission = new Emission();

  /** Of frames whose rows are recomputed. */
  final Emission recomputed = new Emission();

  final FrameBlock block = new FrameBlock();

  /** Logits of the slots of one frame, relative to the best. */
  double[] differences = {};

  /**
   * Posteriors of some frames, row after row, of blanks and labels as they stand in a row, not
   * divided by their sum yet.
   */
  double[] gamma = {};

  /** The sum of those of the blanks in each row. */
  final double[] blankGamma = new double[Resolution.COARSE.interval()];

  /** p − γ of each slot; one more takes what padding has. */
  double[] difference = {};

  private double[] exact = {};

  Scratch(Kernels kernels) {
    this.kernels = kernels;
  }

  void begin(Utterance utterance) {
    Stripes stripes = utterance.plan().stripes();
    int kinds = utterance.emissions.rowLength();
    utterance.begin(logits, gradient, posteriors);
    products.begin(stripes);
    emission.begin(kinds, stripes.interval());
    recomputed.begin(kinds, stripes.interval());
    block.begin(utterance.classes, kinds);
    differences = Grow.atLeast(differences, kinds);
    gamma = Grow.atLeast(gamma, (long) stripes.interval() * stripes.rowLength());
    difference = Grow.atLeast(difference, kinds);
  }

  /** Room for as many numbers, for whoever needs it at the moment. */
  double[] exact(int length) {
    exact = Grow.atLeast(exact, length);
    return exact;
  }
}
