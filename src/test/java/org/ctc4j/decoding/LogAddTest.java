package org.ctc4j.decoding;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import org.ctc4j.Seed;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class LogAddTest {
  private static final double LOG_ZERO = Double.NEGATIVE_INFINITY;

  private final Random random = Seed.random(getClass());

  @Test
  @DisplayName("ln(1 + x) is what the Java library has, but for a unit in the last place or two")
  void log1p() {
    for (int i = 0; i < 100_000; i++) {
      double x = i % 2 == 0 ? random.nextDouble() : Math.exp(-46 * random.nextDouble());
      double expected = StrictMath.log1p(x);
      assertEquals(expected, LogAdd.log1p(x), 2 * Math.ulp(expected), "x = " + x);
    }
    for (int k = 0; k <= 256; k++) { // where one part of the table ends and the next begins
      for (double x : new double[] {Math.nextDown(k / 256.0), k / 256.0, Math.nextUp(k / 256.0)}) {
        double in = Math.min(Math.max(x, 0), 1);
        double expected = StrictMath.log1p(in);
        assertEquals(expected, LogAdd.log1p(in), 2 * Math.ulp(expected), "x = " + in);
      }
    }
  }

  @Test
  @DisplayName("Either may be the greater, or both be none")
  void of() {
    for (int i = 0; i < 10_000; i++) {
      double a = -100 * random.nextDouble();
      double b = a + 100 * random.nextDouble() - 50;
      double expected = Math.max(a, b) + StrictMath.log1p(StrictMath.exp(-Math.abs(a - b)));
      assertEquals(expected, LogAdd.of(a, b), 2 * Math.ulp(expected));
      assertEquals(LogAdd.of(a, b), LogAdd.of(b, a));
    }
    assertEquals(-3, LogAdd.of(-3, LOG_ZERO));
    assertEquals(-3, LogAdd.of(LOG_ZERO, -3));
    assertEquals(LOG_ZERO, LogAdd.of(LOG_ZERO, LOG_ZERO));
    assertEquals(-1e300, LogAdd.of(-1e300, Math.nextDown(-1e300)));
    assertEquals(Math.log(2) - 3, LogAdd.of(-3, -3));
  }
}
