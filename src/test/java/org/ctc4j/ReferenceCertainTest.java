package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The reference beside 420 digits, however small the loss is. */
class ReferenceCertainTest {
  /** What float64 leaves of a number that is a product of so many others. */
  private static final double TOLERANCE = 1e-12;

  static List<NearlyCertainCase> cases() {
    return NearlyCertainCase.all();
  }

  @ParameterizedTest
  @MethodSource("cases")
  @DisplayName(
      "Losses are never below 0 and good to 1e-12 of themselves, gradients to 1e-11 of their norm")
  void reference(NearlyCertainCase one) {
    CtcBatch batch = one.batch(one.logits(), ElementType.FLOAT64);
    CtcBatch logProbs = one.batch(one.logProbs(), ElementType.FLOAT64);
    try (Ctc ctc = Ctc.create(Backend.REFERENCE)) {
      CtcResult result = ctc.lossAndGradient(batch, one.options());
      check(one, result, TOLERANCE);
      CtcOptions options =
          one.options().withInput(InputKind.LOG_PROBS).withGradientKind(GradientKind.LOGITS);
      check(one, ctc.lossAndGradient(logProbs, options), 10 * TOLERANCE);
    }
  }

  private static void check(NearlyCertainCase one, CtcResult result, double tolerance) {
    double loss = result.loss(0);
    assertTrue(Double.doubleToRawLongBits(loss) >= 0, () -> one + ": loss " + loss);
    double least = Double.MIN_NORMAL; // below it there are fewer digits
    assertEquals(
        one.loss(),
        loss,
        tolerance * Math.max(one.loss(), least / tolerance * 1e-15),
        one.toString());
    for (NearlyCertainCase.Entry entry : one.gradient()) {
      double got = result.gradient().get(entry.t(), 0, entry.c());
      assertEquals(
          entry.value(),
          got,
          10 * tolerance * one.gradientNorm() + Double.MIN_VALUE,
          () -> one + ", " + entry);
      assertTrue(
          got * entry.value() >= 0 || Math.abs(entry.value()) < 1e-10 * one.gradientNorm(),
          () -> one + ": sign, " + entry);
    }
  }
}
