package org.ctc4j.cpu;

import org.ctc4j.ElementType;
import org.ctc4j.Elements;

/**
 * Room for matrices, row-major, of the type that logits are computed in: float32 or float64. All
 * positions are indices of its elements. What is done with it is the same for both types, and
 * written once.
 */
abstract class Matrix {
  /** {@code old} if it has room for that many numbers of that type, else a new one. */
  static Matrix atLeast(Matrix old, ElementType type, long length) {
    if (old != null && old.type() == type && old.length() >= length) {
      return old;
    }
    int size = Math.toIntExact(length);
    return type == ElementType.FLOAT64
        ? new DoubleMatrix(new double[size])
        : new FloatMatrix(new float[size]);
  }

  /** The numbers themselves where they lie in an array of that type, else null. */
  static Matrix viewOf(Elements elements, ElementType type) {
    Object storage = elements == null ? null : elements.storage();
    if (storage instanceof float[] floats && type == ElementType.FLOAT32) {
      return new FloatMatrix(floats);
    }
    if (storage instanceof double[] doubles && type == ElementType.FLOAT64) {
      return new DoubleMatrix(doubles);
    }
    return null;
  }

  abstract ElementType type();

  abstract int length();

  abstract double get(int at);

  abstract void set(int at, double value);

  abstract void fill(int at, int count, double value);

  /** Copies elements {@code index}, {@code index + stride}, … */
  abstract void load(Elements from, long index, long stride, int at, int count);

  /** The reverse. */
  abstract void store(int at, int count, Elements to, long index, long stride);

  /** Whether none is NaN or infinite. */
  abstract boolean isFinite(int at, int count);

  /** this[at + i] += other[i]. */
  abstract void add(int at, Matrix other, int count);

  /** sums[i] += this[at + i]. */
  abstract void addTo(double[] sums, int at, int count);

  /** The largest; −Infinity if there is none that is a number. */
  abstract double max(Kernels kernels, int at, int count);

  /**
   * out[i] = e<sup>this[at + i] − shift</sup>.
   *
   * @return their sum; NaN if one is
   */
  abstract double exp(Kernels kernels, int at, int count, double shift, Matrix out);

  /** this[at + i] = factor · other[i]. */
  abstract void setScaled(int at, Matrix other, int count, double factor);

  /**
   * into ← a b + beta into, by BLAS. It is column-major and sees all matrices transposed, and so
   * the product of b and a.
   *
   * @param into a view of this one, not transposed
   */
  abstract void multiply(Blas blas, MatrixView a, MatrixView b, double beta, MatrixView into);
}
