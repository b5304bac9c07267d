package org.ctc4j.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.ctc4j.Backend;
import org.ctc4j.BackendUnavailableException;
import org.ctc4j.Ctc;
import org.junit.jupiter.api.Test;

/** Runs once with and once without the Vector API; the system property says which it is to be. */
class KernelChoiceTest {
  private static final boolean VECTOR =
      ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();

  @Test
  void whatThisRunAskedForWasPicked() {
    String asked = System.getProperty(KernelChoice.PROPERTY);
    assertEquals(VECTOR ? "vector" : "scalar", asked);
    assertTrue(KernelChoice.get().kernels().name().startsWith(asked));
    try (Ctc ctc = Ctc.create(Backend.CPU)) {
      assertTrue(ctc.device().contains("; " + asked), ctc.device());
    }
  }

  @Test
  void vectorIfPossible() {
    KernelChoice choice = KernelChoice.choose("");
    assertEquals(VECTOR, choice.kernels().name().startsWith("vector"));
    assertEquals(VECTOR, choice.reason().isEmpty());
    assertTrue(VECTOR || choice.reason().contains("--add-modules jdk.incubator.vector"));
  }

  @Test
  void vectorOrNothing() {
    KernelChoice choice = KernelChoice.choose("vector");
    if (VECTOR) {
      assertTrue(choice.kernels().lanes() >= 4);
    } else {
      var e = assertThrows(BackendUnavailableException.class, choice::orThrow);
      assertEquals(
          "the cpu backend cannot be used: not vectorised; the JVM option"
              + " --add-modules jdk.incubator.vector makes it two to three times as fast",
          e.getMessage());
    }
  }

  @Test
  void unknownName() {
    var e =
        assertThrows(
            BackendUnavailableException.class, () -> KernelChoice.choose("simd").orThrow());
    assertEquals(
        "the cpu backend cannot be used: org.ctc4j.cpu: expected scalar or vector, got simd",
        e.getMessage());
  }
}
