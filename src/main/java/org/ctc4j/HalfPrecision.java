package org.ctc4j;

/** Conversions between the two 16-bit formats and float32; Java has none before version 20. */
final class HalfPrecision {
  private HalfPrecision() {}

  static float float16ToFloat(short bits) {
    int sign = (bits & 0x8000) << 16;
    int exponent = (bits >>> 10) & 0x1f;
    int fraction = bits & 0x3ff;
    if (exponent == 0x1f) {
      return Float.intBitsToFloat(sign | 0x7f800000 | fraction << 13);
    }
    if (exponent != 0) {
      return Float.intBitsToFloat(sign | (exponent + 112) << 23 | fraction << 13);
    }
    float magnitude = fraction * 0x1p-24f; // subnormal or zero; exact
    return sign == 0 ? magnitude : -magnitude;
  }

  /** Rounds to nearest, ties to even; what exceeds the range becomes an infinity. */
  static short floatToFloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = (bits >>> 16) & 0x8000;
    int magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) {
      return (short) (sign | 0x7e00 | (magnitude >>> 13 & 0x3ff)); // NaN stays NaN
    }
    if (magnitude >= 0x477ff000) {
      return (short) (sign | 0x7c00); // 65520 and above
    }
    if (magnitude < 0x38800000) { // below 2^-14: a multiple of 2^-24
      return (short) (sign | (int) Math.rint(Math.abs(value) * 0x1p24f));
    }
    int rounded = magnitude + 0xfff + (magnitude >>> 13 & 1);
    return (short) (sign | (rounded - 0x38000000) >>> 13);
  }

  static float bfloat16ToFloat(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /** Rounds to nearest, ties to even; what exceeds the range becomes an infinity. */
  static short floatToBfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) (bits >>> 16 | 0x40);
    }
    return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
  }

  /**
   * Rounds to odd: a float32 inexactly cut from {@code value} keeps a last bit of 1, so that
   * rounding it once more to 16 bits gives what rounding {@code value} directly would.
   */
  static float toFloatForHalf(double value) {
    float nearest = (float) value;
    if (nearest == value || Float.isNaN(nearest) || (Float.floatToRawIntBits(nearest) & 1) != 0) {
      return nearest;
    }
    return nearest < value ? Math.nextUp(nearest) : Math.nextDown(nearest);
  }
}
