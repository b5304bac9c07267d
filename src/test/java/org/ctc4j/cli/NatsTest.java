package org.ctc4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NatsTest {
  @Test
  void fixedWhereThatSaysSomething() {
    assertEquals("0.101415", Nats.text(0.1014151, 6));
    assertEquals("0.000012", Nats.text(1.2e-5, 6));
    assertEquals("-0.0027", Nats.text(-0.00271, 4));
    assertEquals("9999999.000000", Nats.text(9999999, 6));
    assertEquals("Infinity", Nats.text(Double.POSITIVE_INFINITY, 6));
    assertEquals("NaN", Nats.text(Double.NaN, 4));
  }

  @Test
  void zeroHasNoSign() {
    assertEquals("0.000000", Nats.text(0, 6));
    assertEquals("0.0000", Nats.text(-0.0, 4));
  }

  @Test
  @DisplayName("What is not 0 is not printed as 0, and its digits are its own")
  void smallAndLarge() {
    assertEquals("1.887567e-09", Nats.text(1.88756727e-9, 6));
    assertEquals("-1.3917e-14", Nats.text(-1.39171e-14, 4));
    for (int digits = 3; digits <= 6; digits++) {
      for (double x = 1e-300; x < 1e300; x *= 3.7) {
        for (double nats : new double[] {x, -x}) {
          String text = Nats.text(nats, digits);
          assertEquals(nats, Double.parseDouble(text), 0.05 * x, text);
          assertTrue(text.length() <= (nats < 0 ? 15 : 14), text);
        }
      }
    }
  }

  @Test
  @DisplayName("A nearly certain utterance in the tables of all commands")
  void inTables(@TempDir Path folder) throws Exception {
    Path file =
        new NpzFile()
            .floats("logits", "(2, 1, 2)", 0, 21, 0, 21)
            .ints("targets", "(1, 1)", 1)
            .write(folder.resolve("sure.npz"));
    // paths: 1 1 (best), 0 1, 1 0; the blank has 1/(1 + e^21) = 7.5826e-10
    double blank = 1 / (1 + Math.exp(21));
    String loss = String.format(Locale.ROOT, "%.6e", blank * blank);
    String best = String.format(Locale.ROOT, "ln p(path) %.4e", -2 * blank);
    assertTrue(Cli.run("loss", file).succeeded().out().contains(loss));
    assertTrue(Cli.run("align", file).succeeded().out().contains(best));
    assertTrue(Cli.run("decode", file).succeeded().out().contains(best.substring(11)));
    assertTrue(
        Cli.run("explain", file)
            .succeeded()
            .out()
            .contains(String.format(Locale.ROOT, "= %.4e nats", blank * blank)));
  }
}
