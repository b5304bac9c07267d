package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** When the tests on the emulated driver run. */
class EmulatedTest {
  private final ByteArrayOutputStream told = new ByteArrayOutputStream();
  private final PrintStream loud = new PrintStream(told, true, StandardCharsets.UTF_8);

  @Test
  @DisplayName("With a g++ they run, in silence")
  void run() {
    for (boolean ci : new boolean[] {false, true}) {
      assertFalse(Emulated.Driver.decide(true, ci, "SomeTest", loud).isDisabled());
    }
    assertEquals(0, told.size());
  }

  @Test
  @DisplayName("Without one they are skipped, which a line of its own says")
  void skipped() {
    assertTrue(Emulated.Driver.decide(false, false, "SomeTest", loud).isDisabled());
    String line = told.toString(StandardCharsets.UTF_8);
    assertTrue(line.contains("NO g++: SomeTest SKIPPED") && line.contains("NOT tested"), line);
  }

  @Test
  @DisplayName("Without one in CI they fail")
  void fails() {
    IllegalStateException e =
        assertThrows(
            IllegalStateException.class,
            () -> Emulated.Driver.decide(false, true, "SomeTest", loud));
    assertTrue(e.getMessage().contains("no g++"), e::getMessage);
  }
}
