package org.ctc4j.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.ctc4j.Backend;
import org.ctc4j.Ctc;
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

  @Test
  void referenceIsTheReference() {
    try (Ctc reference = Implementation.named("reference").create(1)) {
      assertEquals(Backend.REFERENCE, reference.backend());
    }
  }
}
