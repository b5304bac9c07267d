package org.ctc4j.host;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import org.ctc4j.Seed;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ProbabilitiesTest {
  private final long seed = Seed.of(getClass());
  private final Random random = new Random(seed);

  private void assertLog(double p) {
    double expected = StrictMath.log(p);
    assertEquals(
        expected,
        Probabilities.log(p),
        Math.ulp(expected),
        () -> "ln %s, replay with -Dctc4j.seed=%d".formatted(p, seed));
  }

  @Test
  @DisplayName("Logarithms of any positive number are within a unit in the last place")
  void anyNumber() {
    for (int i = 0; i < 1_000_000; i++) {
      assertLog(Double.longBitsToDouble(random.nextLong(0x7ff0000000000000L))); // below +Infinity
      assertLog(random.nextDouble(Double.MIN_VALUE, 1.01));
      assertLog(Math.exp(-800 * random.nextDouble() * random.nextDouble()) + Double.MIN_VALUE);
      double close = random.nextGaussian() * Math.scalb(1.0, -random.nextInt(53));
      assertLog(Math.max(1 + close, 1e-3));
    }
  }

  @Test
  @DisplayName("Powers of 2 and their neighbours, subnormal ones too")
  void powersOf2() {
    for (int k = Double.MIN_EXPONENT - 52; k <= 0; k++) {
      double p = Math.scalb(1.0, k);
      assertEquals(StrictMath.log(p), Probabilities.log(p), k + "");
      assertLog(Math.nextUp(p));
      assertLog(Math.scalb(Math.sqrt(0.5), k + 1));
      assertLog(Math.nextDown(p) > 0 ? Math.nextDown(p) : p);
    }
  }

  @Test
  @DisplayName("Exponentials and ln(1 + x) are within a few units in the last place")
  void exponentials() {
    for (int i = 0; i < 1_000_000; i++) {
      double x = -700 * random.nextDouble() * random.nextDouble();
      double power = StrictMath.exp(x);
      assertEquals(power, Probabilities.exp(x), 2 * Math.ulp(power), () -> "e^" + x);
      double tail = Math.scalb(random.nextDouble(), random.nextInt(80) - 70);
      double log = StrictMath.log1p(tail);
      assertEquals(log, Probabilities.log1p(tail), 3 * Math.ulp(log), () -> "ln(1 + " + tail + ")");
    }
    assertEquals(1.0, Probabilities.exp(0));
    assertEquals(1.0, Probabilities.exp(-0.0));
    for (double x : new double[] {-701, -1e300, Double.NEGATIVE_INFINITY}) {
      assertEquals(0.0, Probabilities.exp(x));
    }
    assertEquals(0.0, Probabilities.log1p(0));
    double impossible = Double.NEGATIVE_INFINITY;
    assertEquals(-3.0, Probabilities.logAdd(-3, impossible));
    assertEquals(impossible, Probabilities.logAdd(impossible, impossible));
    assertEquals(Math.log(5), Probabilities.logAdd(Math.log(2), Math.log(3)), 1e-15);
  }

  @Test
  @DisplayName("0 and less is impossible; NaN and +Infinity stay")
  void notFinite() {
    for (double p : new double[] {0, -0.0, -1e-6, Double.NEGATIVE_INFINITY}) {
      assertEquals(Double.NEGATIVE_INFINITY, Probabilities.log(p));
    }
    assertEquals(Double.NaN, Probabilities.log(Double.NaN));
    assertEquals(Double.POSITIVE_INFINITY, Probabilities.log(Double.POSITIVE_INFINITY));
    assertEquals(0.0, Probabilities.log(1));
  }
}
