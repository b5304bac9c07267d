package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CtcPathsTest {
  private static final String CLASSES = "_cat";

  private static int[] path(String text) {
    return text.chars().map(CLASSES::indexOf).toArray();
  }

  @Test
  void repeatsAreMergedThenBlanksRemoved() {
    for (String path : List.of("c_a_t", "ccaatt", "_cat_", "cat", "__c_aa_ttt")) {
      assertArrayEquals(path("cat"), CtcPaths.collapse(path(path), 0), path);
    }
    assertArrayEquals(path("catt"), CtcPaths.collapse(path("cat_t"), 0));
    assertArrayEquals(path(""), CtcPaths.collapse(path("___"), 0));
    assertArrayEquals(path(""), CtcPaths.collapse(path(""), 0));
    assertArrayEquals(path("_a_"), CtcPaths.collapse(path("_ca_"), 1), "a blank that is not 0");
  }

  @Test
  void theEnumeratedPathsAreAllThatCollapseToTheTarget() {
    Random random = Seed.random(getClass());
    for (int i = 0; i < 200; i++) {
      int blank = random.nextInt(3);
      int frames = random.nextInt(8);
      int[] target = TestBatch.randomTarget(random, random.nextInt(5), 3, blank);
      List<int[]> paths = CtcPaths.enumerate(frames, target, blank);
      List<String> got = new ArrayList<>(paths.stream().map(Arrays::toString).toList());
      assertEquals(got.stream().distinct().toList(), got);
      got.sort(null);
      List<String> expected = new ArrayList<>();
      for (int code = 0; code < Math.pow(3, frames); code++) {
        int[] path = new int[frames];
        for (int t = 0, rest = code; t < frames; t++, rest /= 3) {
          path[t] = rest % 3;
        }
        if (Arrays.equals(target, BruteForce.collapse(path, blank))) {
          expected.add(Arrays.toString(path));
        }
      }
      expected.sort(null);
      assertEquals(expected, got);
      assertEquals(BigInteger.valueOf(expected.size()), CtcPaths.count(frames, target));
    }
  }

  @Test
  void theCountIsABinomialCoefficient() {
    Random random = Seed.random(getClass());
    for (int i = 0; i < 200; i++) {
      int[] target = TestBatch.randomTarget(random, random.nextInt(30), 5, 0);
      int frames = random.nextInt(120);
      assertEquals(binomial(frames, target), CtcPaths.count(frames, target));
    }
    assertEquals(new BigInteger("28"), CtcPaths.count(5, 1, 2, 3)); // 8 over 6
    assertEquals(BigInteger.ONE, CtcPaths.count(0));
    assertEquals(BigInteger.ONE, CtcPaths.count(7));
    assertEquals(BigInteger.ZERO, CtcPaths.count(2, 1, 1));
  }

  @Test
  void countsOfAnySize() {
    int[] target = TestBatch.randomTarget(Seed.random(getClass()), 200, 5, 0);
    BigInteger count = CtcPaths.count(2000, target);
    assertTrue(count.bitLength() > 1000, "bits: " + count.bitLength());
    assertEquals(binomial(2000, target), count);
    assertEquals(BigInteger.ZERO, CtcPaths.count(14_999, new int[15_000]));
  }

  /**
   * T + L − r over 2L, for L labels of which r equal the one before. A path is 2L + 1 runs: L of
   * labels, each of one frame or more, and L + 1 of blanks, which may be of none but for the r
   * between equal labels; the other T − L − r frames are handed out freely.
   */
  private static BigInteger binomial(int frames, int[] target) {
    int free = frames - target.length;
    for (int i = 1; i < target.length; i++) {
      free -= target[i] == target[i - 1] ? 1 : 0;
    }
    BigInteger result = free < 0 ? BigInteger.ZERO : BigInteger.ONE;
    for (int i = 1; i <= 2 * target.length; i++) {
      result = result.multiply(BigInteger.valueOf(free + i)).divide(BigInteger.valueOf(i));
    }
    return result;
  }

  @Test
  void whatIsRefused() {
    String message =
        assertThrows(
                InvalidInputException.class,
                () -> CtcPaths.enumerate(200, new int[] {1, 2, 3, 4}, 0))
            .getMessage();
    assertTrue(message.contains("200 frames and 4 labels") && message.contains("1000000"), message);
    assertThrows(InvalidInputException.class, () -> CtcPaths.enumerate(3, new int[] {0}, 0));
    assertThrows(InvalidInputException.class, () -> CtcPaths.count(-1, 1));
  }
}
