package org.ctc4j.cpu;

import java.util.Arrays;
import org.ctc4j.ElementType;
import org.ctc4j.Elements;

/** float32. */
final class FloatMatrix extends Matrix {
  private final float[] x;

  FloatMatrix(float[] x) {
    this.x = x;
  }

  @Override
  ElementType type() {
    return ElementType.FLOAT32;
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
    x[at] = (float) value;
  }

  @Override
  void fill(int at, int count, double value) {
    Arrays.fill(x, at, at + count, (float) value);
  }

  @Override
  void load(Elements from, long index, long stride, int at, int count) {
    from.read(index, stride, x, at, count);
  }

  @Override
  void store(int at, int count, Elements to, long index, long stride) {
    to.write(index, stride, x, at, count);
  }

  @Override
  boolean isFinite(int at, int count) {
    float sum = 0;
    for (int i = at; i < at + count; i++) {
      sum += x[i] * 0; // 0 or NaN
    }
    return sum == 0;
  }

  @Override
  void add(int at, Matrix other, int count) {
    float[] y = ((FloatMatrix) other).x;
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
    return kernels.max(x, at, count);
  }

  @Override
  double exp(Kernels kernels, int at, int count, double shift, Matrix out) {
    return kernels.exp(x, at, count, (float) shift, ((FloatMatrix) out).x, 0);
  }

  @Override
  void setScaled(int at, Matrix other, int count, double factor) {
    float[] y = ((FloatMatrix) other).x;
    float f = (float) factor;
    for (int i = 0; i < count; i++) {
      x[at + i] = f * y[i];
    }
  }

  @Override
  void multiply(Blas blas, MatrixView a, MatrixView b, double beta, MatrixView into) {
    blas.netlib()
        .sgemm(
            b.op(),
            a.op(),
            b.columns,
            a.rows,
            a.columns,
            1,
            ((FloatMatrix) b.matrix).x,
            b.at,
            b.stride,
            ((FloatMatrix) a.matrix).x,
            a.at,
            a.stride,
            (float) beta,
            x,
            into.at,
            into.stride);
  }
}
