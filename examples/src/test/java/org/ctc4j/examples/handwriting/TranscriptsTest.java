package org.ctc4j.examples.handwriting;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.ctc4j.Wildcards;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class TranscriptsTest {
  private static final int STRINGS = 2000;

  private static String written(int[] target) {
    StringBuilder text = new StringBuilder();
    for (int element : target) {
      text.append(element == Wildcards.FRAMES ? "*" : String.valueOf(element - 1));
    }
    return text.toString();
  }

  private static String text(int[] digits) {
    return written(Arrays.stream(digits).map(digit -> digit + 1).toArray());
  }

  /** Digits of which none comes twice, so that it is plain which are left out. */
  private static int[] distinct(Random random) {
    return random.ints(0, 10).distinct().limit(3 + random.nextInt(6)).toArray();
  }

  @Test
  @DisplayName("The same digits are left out for all stars, half of them, and stars are where said")
  void stars() {
    System.out.println("seed 7");
    Random random = new Random(7);
    Transcripts none = new Transcripts(0.5, Transcripts.Stars.NONE, 3);
    Transcripts gaps = new Transcripts(0.5, Transcripts.Stars.GAPS, 3);
    Transcripts everywhere = new Transcripts(0.5, Transcripts.Stars.EVERYWHERE, 3);
    int all = 0;
    int told = 0;
    for (int i = 0; i < STRINGS; i++) {
      int[] digits = distinct(random);
      String kept = written(none.target(digits));
      all += digits.length;
      told += kept.length();
      String gap = kept.isEmpty() ? "[0-9]+" : "[^" + kept + "]+";
      assertEquals(text(digits).replaceAll(gap, "*"), written(gaps.target(digits)), text(digits));
      assertEquals(
          "*" + kept.replaceAll("(.)", "$1*"), written(everywhere.target(digits)), text(digits));
    }
    assertTrue(Math.abs(told - all / 2.0) < 4 * Math.sqrt(all) / 2, told + " of " + all);
  }

  @Test
  @DisplayName("Full transcripts tell all")
  void full() {
    assertArrayEquals(new int[] {1, 10, 10}, Transcripts.FULL.target(new int[] {0, 9, 9}));
  }
}
