package org.ctc4j.cli.output;

import java.math.BigDecimal;
import java.math.RoundingMode;
import org.ctc4j.InvalidInputException;

/**
 * When a frame begins, in decimals of a second. Each time is rounded once, whatever it is the start
 * or the end of: so what does not overlap in frames does not in seconds, and what touches does.
 */
public final class Clock {
  private static final int MICROSECONDS = 6;

  private final BigDecimal frameShift;
  private final int decimals;

  private Clock(BigDecimal frameShift, int decimals) {
    this.frameShift = frameShift;
    this.decimals = decimals;
  }

  /**
   * @param frameShift seconds from one frame to the next
   */
  static Clock of(double frameShift, int decimals) {
    return new Clock(BigDecimal.valueOf(frameShift), decimals);
  }

  /** To the microsecond. */
  static Clock ofMicroseconds(double frameShift) {
    return of(frameShift, MICROSECONDS).thatTellsFramesApart();
  }

  /** To the millisecond or, where frames are finer, as fine as they are, to the microsecond. */
  static Clock asFineAsFrames(double frameShift) {
    int needed = BigDecimal.valueOf(frameShift).stripTrailingZeros().scale();
    return of(frameShift, Math.min(MICROSECONDS, Math.max(3, needed))).thatTellsFramesApart();
  }

  private Clock thatTellsFramesApart() {
    if (frameShift.compareTo(BigDecimal.ONE.movePointLeft(MICROSECONDS)) < 0) {
      throw new InvalidInputException(
          "--frame-shift: expected a microsecond or more for times that are written to it, got "
              + frameShift);
    }
    return this;
  }

  BigDecimal seconds(int frame) {
    return BigDecimal.valueOf(frame)
        .multiply(frameShift)
        .setScale(decimals, RoundingMode.HALF_EVEN);
  }

  /** Seconds as a whole number of the last decimal. */
  long ticks(int frame) {
    return seconds(frame).unscaledValue().longValueExact();
  }

  /** Hours, minutes and seconds: {@code 01:02:03,456} with a comma. */
  String clock(int frame, int hourDigits, char point) {
    long ticks = ticks(frame);
    long unit = BigDecimal.TEN.pow(decimals).longValueExact();
    long seconds = ticks / unit;
    return padded(seconds / 3600, hourDigits)
        + ':'
        + padded(seconds / 60 % 60, 2)
        + ':'
        + padded(seconds % 60, 2)
        + point
        + padded(ticks % unit, decimals);
  }

  private static String padded(long number, int digits) {
    String text = Long.toString(number);
    return "0".repeat(Math.max(0, digits - text.length())) + text;
  }
}
