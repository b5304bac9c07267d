package org.ctc4j.examples.handwriting;

import java.util.Arrays;
import java.util.Random;
import org.ctc4j.Wildcards;

/**
 * What the model is told about strings of digits: all of them, or only some, with or without
 * wildcards where others may be. For use by one thread at a time.
 */
final class Transcripts {
  /** Where {@link Wildcards#FRAMES} are. */
  enum Stars {
    NONE,
    /**
     * {@link Wildcards#LABELS} in place of the digits that are left out, one for those in a row.
     */
    GAPS,
    /** {@link Wildcards#FRAMES} before, between and after the digits that are told. */
    EVERYWHERE
  }

  /** Of all digits. */
  static final Transcripts FULL = new Transcripts(0, Stars.NONE, 0);

  private final double leftOut;
  private final Stars stars;
  private final Random random;

  /**
   * @param leftOut how likely a digit is left out
   * @param seed of what is left out, which is the same for all stars
   */
  Transcripts(double leftOut, Stars stars, long seed) {
    this.leftOut = leftOut;
    this.stars = stars;
    this.random = new Random(seed);
  }

  /** The target of the next string: digit d is class d + 1. */
  int[] target(int[] digits) {
    int[] target = new int[2 * digits.length + 1];
    int length = 0;
    boolean inGap = false;
    for (int digit : digits) {
      boolean isTold = random.nextDouble() >= leftOut;
      if (isTold && stars == Stars.EVERYWHERE) {
        target[length++] = Wildcards.FRAMES;
      }
      if (isTold) {
        target[length++] = digit + 1;
      } else if (stars == Stars.GAPS && !inGap) {
        target[length++] = Wildcards.FRAMES;
      }
      inGap = !isTold;
    }
    if (stars == Stars.EVERYWHERE) {
      target[length++] = Wildcards.FRAMES;
    }
    return Arrays.copyOf(target, length);
  }
}
