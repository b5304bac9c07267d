package org.ctc4j.cpu;

import java.util.Arrays;
import org.ctc4j.ElementType;
import org.ctc4j.Elements;

/** float64. */
final class DoubleMatrix extends Matrix {
  private final double[] x;

  DoubleMatrix(double[] x) {
    this.x = x;
  }

  @Override
  ElementType type() {
    return ElementType.FLOAT64;
  }

  @Override
  int length() {
    return x.length;
  }

  @Override
  double get(int at) {
    return x[at];
  }

  @Override
  void set(int at, double value) {
    x[at] = value;
  }

  @Override
  void fill(int at, int count, double value) {
    Arrays.fill(x, at, at + count, value);
  }

  @Override
  void load(Elements from, long index, long stride, int at, int count) {
    if (stride == 1 && from.storage() instanceof double[] doubles) {
      System.arraycopy(doubles, (int) index, x, at, count);
      return;
    }
    for (int i = 0; i < count; i++) {
      x[at + i] = from.get(index + i * stride);
    }
  }

  @Override
  void store(int at, int count, Elements to, long index, long stride) {
    for (int i = 0; i < count; i++) {
      to.set(index + i * stride, x[at + i]);
    }
  }

  @Override
  boolean isFinite(int at, int count) {
    double sum = 0;
    for (int i = at; i < at + count; i++) {
      sum += x[i] * 0; // 0 or NaN
    }
    return sum == 0;
  }

  @Override
  void add(int at, Matrix other, int count) {
    double[] y = ((DoubleMatrix) other).x;
    for (int i = 0; i < count; i++) {
      x[at + i] += y[i];
    }
  }

  @Override
  void addTo(double[] sums, int at, int count) {
    for (int i = 0; i < count; i++) {
      sums[i] += x[at + i];
    }
  }

  @Override
  double max(Kernels kernels, int at, int count) {
    double max = Double.NEGATIVE_INFINITY;
    for (int i = at; i < at + count; i++) {
      max = x[i] > max ? x[i] : max;
    }
    return max;
  }

  @Override
  double exp(Kernels kernels, int at, int count, double shift, Matrix out) {
    double[] y = ((DoubleMatrix) out).x;
    double sum = 0;
    for (int i = 0; i < count; i++) {
      y[i] = Math.exp(x[at + i] - shift);
      sum += y[i];
    }
    return sum;
  }

  @Override
  void setScaled(int at, Matrix other, int count, double factor) {
    double[] y = ((DoubleMatrix) other).x;
    for (int i = 0; i < count; i++) {
      x[at + i] = factor * y[i];
    }
  }

  @Override
  void multiply(Blas blas, MatrixView a, MatrixView b, double beta, MatrixView into) {
    blas.netlib()
        .dgemm(
            b.op(),
            a.op(),
            b.columns,
            a.rows,
            a.columns,
            1,
            ((DoubleMatrix) b.matrix).x,
            b.at,
            b.stride,
            ((DoubleMatrix) a.matrix).x,
            a.at,
            a.stride,
            beta,
            x,
            into.at,
            into.stride);
  }
}
