package org.ctc4j.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.ctc4j.InvalidInputException;
import org.junit.jupiter.api.Test;

class ShapeTest {
  @Test
  void nameOfTheSuite() {
    assertEquals(new Shape("bpe", 500, 16, 1024, 60, false), Shape.of("bpe"));
  }

  @Test
  void sizes() {
    assertEquals(new Shape("10x2x5x3", 10, 2, 5, 3, false), Shape.of("10x2x5x3"));
  }

  @Test
  void anythingElseIsRefused() {
    String message =
        assertThrows(InvalidInputException.class, () -> Shape.of("10x2x5")).getMessage();
    assertTrue(message.contains("TxNxCxL") && message.contains("warp-en"), message);
    assertThrows(InvalidInputException.class, () -> Shape.of("10x2x5x11"));
    assertThrows(InvalidInputException.class, () -> Shape.of("9999999999x2x5x3"));
  }
}
