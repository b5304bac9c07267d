package org.ctc4j.host;

import org.ctc4j.ElementType;
import org.ctc4j.Elements;
import org.ctc4j.FrameTensor;
import org.ctc4j.InputKind;
import org.ctc4j.Strides;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("Checks of probabilities")
class ProbabilityCheckTest extends DistributionCheckContract {
  ProbabilityCheckTest() {
    super(InputKind.PROBABILITIES, "probability", 1, 2, 3, 28, 1025, 6625, 200_000);
  }

  @Override
  double number(double logarithm) {
    return Math.exp(logarithm);
  }

  /** Each probability is less than a float16 can hold well. */
  @Override
  boolean isTooCoarse(ElementType type, int classes, double deviation) {
    return type == ElementType.FLOAT16 && classes > 10_000 && deviation < 3;
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("A little below 0 or above 1 is rounding, more is refused, wherever it stands")
  void beyond(ElementType type) {
    boolean wide = type == ElementType.FLOAT32 || type == ElementType.FLOAT64;
    double little = wide ? 0x1p-17 : 0x1p-7;
    double more = wide ? 0x1p-16 : 0x1p-6;
    for (int classes : classCounts) {
      for (boolean above : new boolean[] {true, false}) {
        if (classes == 1 && !above) {
          continue;
        }
        FrameTensor tensor = tensor(type, 5, 2, classes);
        int c = random.nextInt(classes);
        for (int t = 0; t < 5; t++) {
          for (int n = 0; n < 2; n++) {
            tensor.set(t, n, (c + 1) % classes, above ? 0 : 1);
            tensor.set(t, n, c, above ? 1 + little : -little);
          }
        }
        check(tensor, 2);
        tensor.set(4, 1, c, above ? 1 + more : -more);
        assertRefused(tensor, 2, fault(1, 4, c));
      }
    }
  }

  @Test
  @DisplayName("Numbers no float can hold, strides, a frame of zeros, −Infinity")
  void extremes() {
    double[] numbers = {1, 0, 0, 1e300};
    FrameTensor rows = FrameTensor.strided(Elements.of(numbers), 0, 2, 1, 2, new Strides(2, 4, 1));
    FrameTensor columns =
        FrameTensor.strided(Elements.of(numbers), 0, 2, 1, 2, new Strides(1, 4, 2));
    assertRefused(rows, 1, fault(0, 1, 1) + "1.0E300, ");
    assertRefused(columns, 1, fault(0, 1, 1) + "1.0E300, ");
    numbers[3] = 0;
    check(rows, 1);
    numbers[3] = Double.NEGATIVE_INFINITY;
    assertRefused(rows, 1, fault(0, 1, 1) + "-Infinity, ");
    numbers[2] = Double.NaN; // a status of the utterance
    check(rows, 1);
  }
}
