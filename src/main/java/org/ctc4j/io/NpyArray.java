package org.ctc4j.io;

/**
 * One array of an {@code .npz}, its elements in the order of the file: whoever wants C order looks
 * at {@link NpyHeader#fortranOrder()}. Nothing is copied on the way out, so the arrays handed out
 * are the ones held; those of another type than is asked for are refused with an {@link
 * NpzFormatException}. Safe for use by several threads as long as none writes to those.
 */
public final class NpyArray {
  private final String where;
  private final NpyHeader header;
  private final Object data;

  NpyArray(String where, NpyHeader header, Object data) {
    this.where = where;
    this.header = header;
    this.data = data;
  }

  /** What the file says of the array. */
  public NpyHeader header() {
    return header;
  }

  /** The size of each dimension; a copy. */
  public long[] shape() {
    return header.shape();
  }

  /** Number of dimensions. */
  public int rank() {
    return header.rank();
  }

  /** Number of elements. */
  public int size() {
    return (int) header.size();
  }

  /** The elements of an f8. */
  public double[] doubles() throws NpzFormatException {
    return as(double[].class, "f8");
  }

  /** The elements of an f4. */
  public float[] floats() throws NpzFormatException {
    return as(float[].class, "f4");
  }

  /**
   * The 16 bits of each element of an f2, i2, u2 or V2, in Java's byte order. NumPy has no
   * bfloat16; such numbers come as u2, or as V2 where the array was one of ml_dtypes.
   */
  public short[] shorts() throws NpzFormatException {
    return as(short[].class, "f2, i2, u2 or V2");
  }

  /** The values of an i1, u1 or i4. */
  public int[] ints() throws NpzFormatException {
    return as(int[].class, "i1, u1 or i4");
  }

  /** The values of a u4, i8 or u8. */
  public long[] longs() throws NpzFormatException {
    return as(long[].class, "u4, i8 or u8");
  }

  /**
   * The elements of a U or an S, which is UTF-8, without the zeros that NumPy fills them up with.
   */
  public String[] strings() throws NpzFormatException {
    return as(String[].class, "U or S, strings");
  }

  /**
   * The values of an array of integers of any width, signed or not. Where it is held as {@code
   * int[]} that is what comes, not a copy. Of no elements at all nothing says that they are none:
   * NumPy makes an f8 of an empty list.
   *
   * @throws NpzFormatException if the array is not of integers or a value does not fit an int
   */
  public int[] toIntsExact() throws NpzFormatException {
    if (data instanceof int[] ints) {
      return ints;
    }
    if (data instanceof long[] longs) {
      int[] ints = new int[longs.length];
      for (int i = 0; i < ints.length; i++) {
        ints[i] = (int) longs[i];
        if (ints[i] != longs[i]) {
          throw new NpzFormatException(
              "%s: element %d is %d, expected a value that fits 32 bits"
                  .formatted(where, i, longs[i]));
        }
      }
      return ints;
    }
    NpyType type = header.type();
    if (type == NpyType.INT16 || type == NpyType.UINT16) {
      short[] shorts = (short[]) data;
      int mask = type == NpyType.UINT16 ? 0xffff : -1;
      int[] ints = new int[shorts.length];
      for (int i = 0; i < ints.length; i++) {
        ints[i] = shorts[i] & mask;
      }
      return ints;
    }
    if (header.size() == 0 && !type.isText()) {
      return new int[0];
    }
    throw unexpected("integers");
  }

  private <T> T as(Class<T> type, String expected) throws NpzFormatException {
    if (!type.isInstance(data)) {
      throw unexpected(expected);
    }
    return type.cast(data);
  }

  private NpzFormatException unexpected(String expected) {
    return new NpzFormatException(
        "%s: expected %s, got dtype '%s'".formatted(where, expected, header.dtype()));
  }

  /** As {@link NpyHeader#toString()}; the data is not part of it. */
  @Override
  public String toString() {
    return header.toString();
  }
}
