package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ShortBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class HalfPrecisionTest {
  /** The value of a bit pattern, from the definition of the format. */
  private static double valueOf(int bits, int exponentBits, int fractionBits) {
    int fraction = bits & (1 << fractionBits) - 1;
    int exponent = bits >>> fractionBits & (1 << exponentBits) - 1;
    int bias = (1 << exponentBits - 1) - 1;
    double sign = bits >>> 15 == 0 ? 1 : -1;
    double scaled = fraction / (double) (1 << fractionBits);
    if (exponent == (1 << exponentBits) - 1) {
      return fraction == 0 ? sign * Double.POSITIVE_INFINITY : Double.NaN;
    }
    return exponent == 0
        ? sign * scaled * Math.pow(2, 1 - bias)
        : sign * (1 + scaled) * Math.pow(2, exponent - bias);
  }

  private static double valueOf(ElementType type, int bits) {
    return type == ElementType.FLOAT16 ? valueOf(bits, 5, 10) : valueOf(bits, 8, 7);
  }

  private static Elements one(ElementType type, ShortBuffer buffer) {
    return type == ElementType.FLOAT16 ? Elements.float16(buffer) : Elements.bfloat16(buffer);
  }

  @ParameterizedTest
  @EnumSource(
      value = ElementType.class,
      names = {"FLOAT16", "BFLOAT16"})
  void everyBitPatternIsReadExactlyAndWrittenBack(ElementType type) {
    ShortBuffer buffer = ShortBuffer.allocate(1);
    Elements element = one(type, buffer);
    for (int bits = 0; bits < 1 << 16; bits++) {
      buffer.put(0, (short) bits);
      double expected = valueOf(type, bits);
      double got = element.get(0);
      assertEquals(expected, got, "bits " + Integer.toHexString(bits));
      element.set(0, got);
      if (Double.isNaN(expected)) {
        assertTrue(Double.isNaN(element.get(0)));
      } else {
        assertEquals((short) bits, buffer.get(0));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = ElementType.class,
      names = {"FLOAT16", "BFLOAT16"})
  void writingRoundsToNearestTiesToEven(ElementType type) {
    ShortBuffer buffer = ShortBuffer.allocate(1);
    Elements element = one(type, buffer);
    int infinity = type == ElementType.FLOAT16 ? 0x7c00 : 0x7f80;
    for (int bits = 0; bits < infinity - 1; bits++) {
      double low = valueOf(type, bits);
      double high = valueOf(type, bits + 1);
      double middle = (low + high) / 2; // exact in float64
      double[] values = {middle, Math.nextUp(middle), Math.nextDown(middle), -middle};
      int even = (bits & 1) == 0 ? bits : bits + 1;
      int[] expected = {even, bits + 1, bits, even | 0x8000};
      for (int i = 0; i < values.length; i++) {
        element.set(0, values[i]);
        assertEquals(expected[i], buffer.get(0) & 0xffff, "rounding " + values[i]);
      }
    }
    element.set(0, 1e300);
    assertEquals(Double.POSITIVE_INFINITY, element.get(0));
    element.set(0, -1e300);
    assertEquals(Double.NEGATIVE_INFINITY, element.get(0));
  }

  @ParameterizedTest
  @EnumSource(ElementType.class)
  void bulkAccessEqualsSingleAccess(ElementType type) {
    Random random = Seed.random(getClass());
    for (Elements elements :
        new Elements[] {
          Elements.allocate(type, 100),
          Elements.concatenation(
              Elements.allocate(type, 40), Elements.allocate(type, 40), Elements.allocate(type, 20))
        }) {
      assertEquals(100, elements.length());
      float[] values = new float[33];
      for (long stride : new long[] {1, 3}) {
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) random.nextGaussian();
        }
        elements.write(1, stride, values, 0, 33);
        float[] got = new float[35];
        elements.read(1, stride, got, 2, 33);
        for (int i = 0; i < 33; i++) {
          double single = elements.get(1 + i * stride);
          assertEquals(single, got[2 + i]);
          elements.set(1 + i * stride, values[i]);
          assertEquals(single, elements.get(1 + i * stride));
        }
      }
    }
  }

  @Test
  void aDoubleIsRoundedOnceNotTwice() {
    ShortBuffer buffer = ShortBuffer.allocate(1);
    // above the middle of 1 and its float16 successor by less than float32 can tell
    Elements.float16(buffer).set(0, 1 + 0x1p-11 + 0x1p-40);
    assertEquals(0x3c01, buffer.get(0));
  }
}
