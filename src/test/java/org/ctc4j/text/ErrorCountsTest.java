package org.ctc4j.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import org.ctc4j.InvalidInputException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ErrorCountsTest {
  @Test
  @DisplayName("Words, characters and labels by hand")
  void byHand() {
    assertEquals(
        new ErrorCounts(3, 1, 1, 1),
        ErrorCounts.words("to mute  yourself press six", " too mute yourself now press"));
    assertEquals(new ErrorCounts(2, 1, 0, 0), ErrorCounts.characters("née", "nëe"));
    assertEquals(new ErrorCounts(3, 0, 1, 0), ErrorCounts.characters("a\tb", "a bc"));
    assertEquals(new ErrorCounts(1, 0, 0, 0), ErrorCounts.characters("😀", "😀"), "a code point");
    assertEquals(
        new ErrorCounts(1, 0, 1, 1), ErrorCounts.labels(new int[] {4, 7}, new int[] {7, 4}));
    assertEquals(ErrorCounts.NONE, ErrorCounts.words(" ", ""));
  }

  @Test
  @DisplayName("Over a corpus counts add up, and the rate is of all symbols")
  void corpus() {
    ErrorCounts sum = ErrorCounts.words(List.of("a b c d", ""), List.of("a x c", "e f"));
    assertEquals(new ErrorCounts(2, 1, 2, 1), sum);
    assertEquals(4, sum.total());
    assertEquals(4, sum.errors());
    assertEquals(1.0, sum.rate());
    assertEquals(0, ErrorCounts.NONE.rate());
    assertEquals(Double.POSITIVE_INFINITY, ErrorCounts.words("", "a").rate());
    assertThrows(InvalidInputException.class, () -> ErrorCounts.words(List.of("a"), List.of()));
  }

  /** Plain recursion: fewest edits, then most correct. */
  private static ErrorCounts slow(int[] a, int[] b, int i, int k) {
    if (i == a.length) {
      return new ErrorCounts(0, 0, b.length - k, 0);
    }
    if (k == b.length) {
      return new ErrorCounts(0, 0, 0, a.length - i);
    }
    ErrorCounts same =
        slow(a, b, i + 1, k + 1)
            .plus(a[i] == b[k] ? new ErrorCounts(1, 0, 0, 0) : new ErrorCounts(0, 1, 0, 0));
    ErrorCounts inserted = slow(a, b, i, k + 1).plus(new ErrorCounts(0, 0, 1, 0));
    ErrorCounts deleted = slow(a, b, i + 1, k).plus(new ErrorCounts(0, 0, 0, 1));
    return better(same, better(inserted, deleted));
  }

  private static ErrorCounts better(ErrorCounts a, ErrorCounts b) {
    boolean isWorse =
        a.errors() > b.errors() || a.errors() == b.errors() && a.correct() < b.correct();
    return isWorse ? b : a;
  }

  @Test
  @DisplayName("Random sequences as plain recursion has them")
  void random() {
    long seed = Long.getLong("ctc4j.seed", System.getenv("CI") == null ? System.nanoTime() : 5);
    Random random = new Random(seed);
    for (int i = 0; i < 400; i++) {
      int[] a = random.ints(random.nextInt(7), 0, 3).toArray();
      int[] b = random.ints(random.nextInt(7), 0, 3).toArray();
      ErrorCounts counts = ErrorCounts.labels(a, b);
      assertEquals(slow(a, b, 0, 0), counts, "seed " + seed);
      assertEquals(a.length, counts.total());
      assertEquals(b.length, counts.correct() + counts.substitutions() + counts.insertions());
    }
  }

  @Test
  @DisplayName("Long texts take memory of one row")
  void longTexts() {
    ErrorCounts counts = ErrorCounts.characters("ab".repeat(5000), "ba".repeat(5000));
    assertEquals(2, counts.errors());
    assertTrue(counts.rate() < 1e-3);
  }
}
