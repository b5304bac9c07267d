package org.ctc4j.cli.output;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import org.ctc4j.InvalidInputException;

/**
 * When a frame begins, in decimals of a second. Each time is rounded once, whatever it is the start
 * or the end of: so what does not overlap in frames does not in seconds, and what touches does.
 */
public record Clock(BigDecimal frameShift, int decimals) {
  private static final int MICROSECONDS = 6;

  /**
   * @param frameShift seconds from one frame to the next
   */
  public static Clock of(double frameShift, int decimals) {
    return new Clock(BigDecimal.valueOf(frameShift), decimals);
  }

  /** To the microsecond. */
  public static Clock ofMicroseconds(double frameShift) {
    return of(frameShift, MICROSECONDS).thatTellsFramesApart();
  }

  /** To the millisecond or, where frames are finer, as fine as they are, to the microsecond. */
  public static Clock asFineAsFrames(double frameShift) {
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
    String format = "%0" + hourDigits + "d:%02d:%02d%c%0" + decimals + "d";
    long minutes = seconds / 60;
    return String.format(
        Locale.ROOT, format, minutes / 60, minutes % 60, seconds % 60, point, ticks % unit);
  }
}
