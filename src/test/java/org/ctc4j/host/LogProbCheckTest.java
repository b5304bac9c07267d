package org.ctc4j.host;

import org.ctc4j.CtcBatch;
import org.ctc4j.ElementType;
import org.ctc4j.Elements;
import org.ctc4j.FrameTensor;
import org.ctc4j.InputKind;
import org.ctc4j.Strides;
import org.ctc4j.Targets;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("Checks of log-probabilities")
class LogProbCheckTest extends DistributionCheckContract {
  LogProbCheckTest() {
    super(InputKind.LOG_PROBS, "log-probability", 1, 2, 28, 1023, 1024, 1025, 5000, 32000);
  }

  @Override
  double number(double logarithm) {
    return logarithm;
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("A number a little above 0 is rounding, more is refused, wherever it stands")
  void above(ElementType type) {
    boolean wide = type == ElementType.FLOAT32 || type == ElementType.FLOAT64;
    for (int classes : classCounts) {
      FrameTensor tensor = tensor(type, 20, 2, classes);
      for (int t = 0; t < 20; t++) {
        for (int n = 0; n < 2; n++) {
          for (int c = 0; c < classes; c++) {
            tensor.set(t, n, c, Double.NEGATIVE_INFINITY);
          }
          tensor.set(t, n, random.nextInt(classes), wide ? 0x1p-17 : 0x1p-10);
        }
      }
      check(tensor, 2);
      int c = random.nextInt(classes);
      tensor.set(19, 1, c, wide ? 0x1p-16 : 0x1p-9);
      assertRefused(tensor, 2, fault(1, 19, c) + (wide ? "1.52587" : "0.00195"));
    }
  }

  @Test
  @DisplayName("Numbers no float can hold, strides, frames that are not used")
  void extremes() {
    Elements numbers = Elements.of(new double[] {0, -1e300, -1e300, 1e300});
    FrameTensor rows = FrameTensor.strided(numbers, 0, 2, 1, 2, new Strides(2, 4, 1));
    String fault = fault(0, 1, 1) + "1.0E300, ";
    assertRefused(rows, 1, fault);
    CtcBatch used = CtcBatch.of(rows, Targets.of(new int[0]), new int[] {1});
    check(used, InputKind.LOG_PROBS, 1);
    assertRefused(FrameTensor.strided(numbers, 0, 2, 1, 2, new Strides(1, 4, 2)), 1, fault);
    for (InputKind input : new InputKind[] {InputKind.LOGITS, InputKind.SCORES}) {
      check(batch(rows), input, 1);
    }
    check(tensor(ElementType.FLOAT32, 0, 3, 4), 2);
    check(tensor(ElementType.FLOAT32, 3, 0, 4), 2);
  }
}
