package org.ctc4j;

/** How one number of a {@link FrameTensor} is stored. */
public enum ElementType {
  /** IEEE 754 binary64. */
  FLOAT64(8),
  /** IEEE 754 binary32. */
  FLOAT32(4),
  /** IEEE 754 binary16: 5 exponent bits, 10 fraction bits. */
  FLOAT16(2),
  /** The upper half of a binary32: 8 exponent bits, 7 fraction bits. */
  BFLOAT16(2);

  private final int bytes;

  ElementType(int bytes) {
    this.bytes = bytes;
  }

  /** Size of one element in bytes. */
  public int bytes() {
    return bytes;
  }
}
