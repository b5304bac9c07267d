package org.ctc4j.io;

import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * What a {@code .npy} says of its array. A header that exists is consistent: the dtype is one that
 * {@link NpzReader} reads and the number of bytes fits a {@code long}.
 *
 * @param dtype NumPy's description: byte order ({@code <} little, {@code >} big, {@code |} none),
 *     kind and bytes, for example {@code <f4}
 * @param fortranOrder whether the first index, not the last, varies fastest in the data
 * @param shape the size of each dimension; none for a scalar
 * @param version the major version of the format: 1, 2 or 3
 */
public record NpyHeader(String dtype, boolean fortranOrder, long[] shape, int version) {

  /**
   * Checks and copies.
   *
   * @throws IllegalArgumentException if the dtype is not supported, a dimension is negative, the
   *     array would have more than 2<sup>63</sup> - 1 bytes, or there is no such version
   */
  public NpyHeader {
    NpyType type = NpyType.of(dtype);
    if (type == null) {
      throw new IllegalArgumentException(
          "dtype %s is not supported, expected f2, f4, f8, i1, i2, i4, i8, u1, u2, u4, u8, V2, U or S%s"
              .formatted(
                  Text.quote(dtype),
                  dtype.startsWith("|O")
                      ? "; Python's objects are not read: lists of unlike lengths are padded or"
                          + " concatenated into an array of numbers"
                      : ""));
    }
    if (version < 1 || version > 3) {
      throw new IllegalArgumentException("expected version 1, 2 or 3, got " + version);
    }
    shape = shape.clone();
    for (long dimension : shape) {
      if (dimension < 0) {
        throw new IllegalArgumentException("shape has a negative dimension, " + dimension);
      }
    }
    try {
      Math.multiplyExact(product(shape), NpyType.elementBytes(dtype));
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          "shape " + Text.brief(describe(shape)) + " has more bytes than a 64-bit number counts",
          e);
    }
  }

  /** A copy. */
  @Override
  public long[] shape() {
    return shape.clone();
  }

  /** Number of dimensions. */
  public int rank() {
    return shape.length;
  }

  /** Number of elements: the product of the shape, 1 for a scalar. */
  public long size() {
    return product(shape);
  }

  /** Bytes of data in the file, the header not counted. */
  public long dataBytes() {
    return size() * NpyType.elementBytes(dtype);
  }

  NpyType type() {
    return NpyType.of(dtype);
  }

  boolean bigEndian() {
    return dtype.charAt(0) == '>';
  }

  private static long product(long[] shape) {
    if (Arrays.stream(shape).anyMatch(dimension -> dimension == 0)) {
      return 0; // whatever the others multiply to
    }
    long product = 1;
    for (long dimension : shape) {
      product = Math.multiplyExact(product, dimension);
    }
    return product;
  }

  /** As Python writes a tuple. */
  static String describe(long[] shape) {
    String inner = Arrays.stream(shape).mapToObj(Long::toString).collect(Collectors.joining(", "));
    return shape.length == 1 ? "(" + inner + ",)" : "(" + inner + ")";
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof NpyHeader that
        && dtype.equals(that.dtype)
        && fortranOrder == that.fortranOrder
        && Arrays.equals(shape, that.shape)
        && version == that.version;
  }

  @Override
  public int hashCode() {
    return 31 * (31 * dtype.hashCode() + Arrays.hashCode(shape))
        + 2 * version
        + (fortranOrder ? 1 : 0);
  }

  /** For example {@code <f4 (3, 4)}, with {@code Fortran order} behind it where it is so. */
  @Override
  public String toString() {
    return dtype + " " + describe(shape) + (fortranOrder ? " Fortran order" : "");
  }
}
