package org.ctc4j.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.ctc4j.Backend;
import org.ctc4j.BackendUnavailableException;
import org.ctc4j.Ctc;
import org.ctc4j.CudaCtc;
import org.junit.jupiter.api.Test;

/**
 * The JVM of the tests has no Vector API, and the choice is made once: what is timed must be told.
 */
class ImplementationTest {
  @Test
  void scalarIsScalarAndStays() {
    try (Ctc scalar = Implementation.named("scalar").create(1)) {
      assertTrue(scalar.device().endsWith("scalar"), scalar.device());
    }
    assertThrows(IllegalStateException.class, () -> Implementation.named("vector").create(1));
  }

  /** On a machine with a GPU that is it; on others the reason is told. */
  @Test
  void cudaIsAGpuOrSaysWhyNot() {
    if (CudaCtc.devices().isEmpty()) {
      BackendUnavailableException e =
          assertThrows(
              BackendUnavailableException.class, () -> Implementation.named("cuda").create(1));
      assertTrue(e.getMessage().contains("libcuda"), e::getMessage);
    } else {
      try (Ctc cuda = Implementation.named("cuda").create(1)) {
        assertEquals(Backend.CUDA, cuda.backend());
      }
    }
  }

  @Test
  void referenceIsTheReference() {
    try (Ctc reference = Implementation.named("reference").create(1)) {
      assertEquals(Backend.REFERENCE, reference.backend());
    }
  }
}
