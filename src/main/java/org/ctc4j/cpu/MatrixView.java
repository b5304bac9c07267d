package org.ctc4j.cpu;

/** A part of a {@link Matrix} as a product takes it. Mutable: a product allocates none. */
final class MatrixView {
  Matrix matrix;

  /** Position of its first element. */
  int at;

  /** As the product sees it. */
  int rows;

  int columns;

  /** From one row to the next, as it lies in memory. */
  int stride;

  private boolean transposed; // whether it lies in memory as (columns, rows)

  /** Looks at a part that lies in memory as the product is to see it. */
  MatrixView of(Matrix matrix, int at, int rows, int columns, int stride) {
    this.matrix = matrix;
    this.at = at;
    this.rows = rows;
    this.columns = columns;
    this.stride = stride;
    this.transposed = false;
    return this;
  }

  MatrixView transpose() {
    int rowsBefore = rows;
    rows = columns;
    columns = rowsBefore;
    transposed = !transposed;
    return this;
  }

  /** This ← a b, or a b + this. */
  void product(Blas blas, MatrixView a, MatrixView b, boolean added) {
    matrix.multiply(blas, a, b, added ? 1 : 0, this);
  }

  /** For BLAS. */
  String op() {
    return transposed ? "T" : "N";
  }
}
