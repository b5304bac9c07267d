package org.ctc4j;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The reference beside 420 digits, however small the loss is, tighter than the contract. */
class ReferenceCertainTest {
  static List<NearlyCertainCase> cases() {
    return NearlyCertainCase.all();
  }

  @ParameterizedTest
  @MethodSource("cases")
  @DisplayName("Losses are good to 1e-12 of themselves, gradients to 1e-11 of their norm")
  void reference(NearlyCertainCase one) {
    CtcBatch logits = one.batch(one.logits(), ElementType.FLOAT64);
    try (Ctc ctc = Ctc.create(Backend.REFERENCE)) {
      NearlyCertain.check(one, ctc.lossAndGradient(logits, one.options()), 1e-12, 1e-11);
    }
  }
}
