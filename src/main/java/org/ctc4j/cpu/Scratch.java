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

  /** Logits of the slots of one frame. */
  double[] ofSlots = {};

  /**
   * Posteriors of some frames, row after row, of blanks and labels as they stand in a row, not
   * divided by their sum yet.
   */
  double[] gamma = {};

  /** The sum of those of the blanks in each row. */
  final double[] blankGamma = new double[Resolution.COARSE.interval()];

  /** How long a row of the slots is. */
  int slotsLength;

  /** p − γ of each slot, {@link LabelStage#TOGETHER} rows. */
  double[] difference = {};

  private double[] exact = {};

  Scratch(Kernels kernels) {
    this.kernels = kernels;
  }

  void begin(Utterance utterance) {
    Stripes stripes = utterance.plan().stripes();
    utterance.begin(logits, gradient, posteriors);
    products.begin(stripes);
    slotsLength = utterance.target.slotsLength(stripes.lanes());
    emission.begin(stripes, slotsLength);
    recomputed.begin(stripes, slotsLength);
    block.begin(utterance.classes, slotsLength);
    ofSlots = Grow.atLeast(ofSlots, slotsLength);
    long rows = Math.max(stripes.interval(), LabelStage.TOGETHER);
    gamma = Grow.atLeast(gamma, rows * stripes.rowLength());
    difference = Grow.atLeast(difference, (long) LabelStage.TOGETHER * slotsLength);
  }

  /** Lets go of what is the caller's. */
  void release() {
    logits.release();
    gradient.release();
    posteriors.release();
  }

  /** Room for as many numbers, for whoever needs it at the moment. */
  double[] exact(int length) {
    exact = Grow.atLeast(exact, length);
    return exact;
  }
}
