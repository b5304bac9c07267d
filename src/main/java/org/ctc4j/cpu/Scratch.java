package org.ctc4j.cpu;

/** What one thread needs while it works on one utterance. */
final class Scratch {
  final Kernels kernels;
  final LogitRows logits = new LogitRows();
  final GradientRows gradient = new GradientRows();
  final PosteriorRows posteriors = new PosteriorRows();
  final PosteriorScaling scaling = new PosteriorScaling();

  /** Rows of the recursion at work, and of the other one, to be multiplied. */
  final RowCursor rows = new RowCursor();

  final RowCursor otherRows = new RowCursor();

  final ProductRows products = new ProductRows();

  /** Of the frame at work. */
  final EmissionRows emission = new EmissionRows();

  /** Of frames whose rows are recomputed. */
  final EmissionRows recomputed = new EmissionRows();

  final FrameBlock block = new FrameBlock();

  /** Logits of the columns of one frame. */
  double[] ofColumns = {};

  /** How long a row of the columns is. */
  int columnsLength;

  /** Relative probabilities of the columns as p − γ takes them, and where they begin. */
  double[] p = {};

  int pAt;

  /** p − γ of each column, {@link EmissionRows#AT_ONCE} rows. */
  double[] difference = {};

  private final DoubleRows doubles = new DoubleRows();
  private double[] float64Row = {};
  private double[] withoutOffsets = {};

  Scratch(Kernels kernels) {
    this.kernels = kernels;
  }

  /** Makes room for an utterance. */
  void begin(Stripes stripes, Target target, int classes) {
    scaling.begin(stripes);
    columnsLength = target.columnsLength(stripes.lanes());
    emission.begin(stripes, columnsLength);
    recomputed.begin(stripes, columnsLength);
    block.begin(classes, columnsLength);
    ofColumns = KeptArrays.atLeast(ofColumns, columnsLength);
    products.begin(stripes);
    difference = KeptArrays.atLeast(difference, (long) EmissionRows.AT_ONCE * columnsLength);
  }

  /** Room for {@link EmissionRows#AT_ONCE} rows of columns, until the next such call. */
  double[] withoutOffsets() {
    withoutOffsets =
        KeptArrays.atLeast(withoutOffsets, (long) EmissionRows.AT_ONCE * columnsLength);
    return withoutOffsets;
  }

  /** Lets go of what is the caller's. */
  void release() {
    logits.release();
    gradient.release();
    posteriors.release();
  }

  /** Rows for {@link Kernels}, until the next such call. */
  DoubleRows rows(double[] x, int count, int length) {
    return doubles.of(x, count, length);
  }

  /** Room for the logits of a frame in float64, until the next such call. */
  double[] float64Row(int length) {
    float64Row = KeptArrays.atLeast(float64Row, length);
    return float64Row;
  }
}
