package org.ctc4j.cpu;

import org.ctc4j.ElementType;

/** What one thread needs while it works on a range and a tile of classes. */
final class ProjectionScratch {
  final Kernels kernels;

  /** Logits, (range, tile). */
  Matrix x;

  /** Hidden states, (range, D). */
  Matrix hidden;

  /** Weights, (tile, D), where they must be copied. */
  Matrix weight;

  /** Biases of the tile. */
  Matrix bias;

  /** Exponentials of one row. */
  Matrix row;

  /** Of the product at work, into ← a b. */
  final MatrixView a = new MatrixView();

  final MatrixView b = new MatrixView();
  final MatrixView into = new MatrixView();

  private Matrix gradient;

  double[] sums = {};

  /**
   * @param kernels for this thread alone
   */
  ProjectionScratch(Kernels kernels) {
    this.kernels = kernels;
  }

  /**
   * @param copies whether weights must be copied
   */
  ProjectionScratch begin(
      ElementType type, ProjectionTiling tiling, int classes, int dimensions, boolean copies) {
    int tile = Math.min(tiling.tile(), classes);
    x = Matrix.atLeast(x, type, (long) tiling.rangeFrames() * tile);
    hidden = Matrix.atLeast(hidden, type, (long) tiling.rangeFrames() * dimensions);
    bias = Matrix.atLeast(bias, type, tile);
    row = Matrix.atLeast(row, type, tile);
    sums = KeptArrays.atLeast(sums, tile);
    if (copies) {
      weight = Matrix.atLeast(weight, type, (long) tile * dimensions);
    }
    return this;
  }

  /** Makes room for a part of the weight gradient. */
  Matrix gradient(ElementType type, int count) {
    gradient = Matrix.atLeast(gradient, type, count);
    return gradient;
  }

  /** Lets go of what is the caller's. */
  void release() {
    a.matrix = null;
    b.matrix = null;
    into.matrix = null;
  }
}
