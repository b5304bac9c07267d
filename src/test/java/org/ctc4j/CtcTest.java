package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Choosing a backend: automatic choice falls back, a forced one throws with the reason. */
class CtcTest {
  @Test
  void everyBackendIsReportedOnceFastestFirst() {
    assertEquals(
        List.of(Backend.CUDA, Backend.CPU, Backend.REFERENCE),
        Ctc.backends().stream().map(BackendReport::backend).toList());
  }

  @Test
  void aForcedBackendIsTheOneOrThrowsItsReason() {
    for (BackendReport report : Ctc.backends()) {
      if (report.usable()) {
        try (Ctc ctc = Ctc.create(report.backend())) {
          assertEquals(report.backend(), ctc.backend());
          assertFalse(ctc.device().isBlank());
        }
      } else {
        assertFalse(report.reason().isBlank());
        BackendUnavailableException refused =
            assertThrows(BackendUnavailableException.class, () -> Ctc.create(report.backend()));
        assertEquals(report.backend(), refused.backend());
        assertTrue(refused.getMessage().endsWith(report.reason()), refused.getMessage());
      }
    }
  }

  @Test
  void automaticChoiceTakesTheFirstUsable() {
    Backend expected =
        Ctc.backends().stream().filter(BackendReport::usable).findFirst().orElseThrow().backend();
    try (Ctc ctc = Ctc.create()) {
      assertEquals(expected, ctc.backend());
    }
  }

  /** The sum of the losses has the same bits in every order. */
  @Test
  void reductionDoesNotDependOnOrder() {
    double[] terms = {1e16, 1, -1e16, 3, 1e-9, 7};
    double[] backwards = {7, 1e-9, 3, -1e16, 1, 1e16};
    assertEquals(Reduction.sum(terms), Reduction.sum(backwards));
  }
}
