package org.ctc4j.cli;

import java.util.Locale;

/** Losses and logarithms of probabilities in what is for people to read. */
final class Nats {
  private static final double MOST_FIXED = 1e7;

  private Nats() {}

  /**
   * With so many digits behind the point; where they would say next to nothing, or the number is
   * large, with as many and an exponent. 0 has no sign.
   */
  static String text(double nats, int digits) {
    if (!Double.isFinite(nats)) {
      return Double.toString(nats);
    }
    double size = Math.abs(nats);
    boolean isFixed = size == 0 || size >= Math.pow(10, 1 - digits) && size < MOST_FIXED;
    String format = "%." + digits + (isFixed ? "f" : "e");
    return String.format(Locale.ROOT, format, size == 0 ? 0 : nats);
  }
}
