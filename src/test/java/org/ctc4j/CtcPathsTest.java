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
    Random random = new Random(1);
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
  void theCountIsThatOfTheRecursionOverStates() {
    Random random = new Random(2);
    for (int i = 0; i < 50; i++) {
      int[] target = TestBatch.randomTarget(random, random.nextInt(30), 5, 0);
      int frames = random.nextInt(120);
      assertEquals(countByStates(frames, target), CtcPaths.count(frames, target));
    }
    assertEquals(new BigInteger("28"), CtcPaths.count(5, 1, 2, 3)); // 8 over 6
  }

  private static BigInteger countByStates(int frames, int[] target) {
    BigInteger[] ways = new BigInteger[2 * target.length + 1];
    Arrays.fill(ways, BigInteger.ZERO);
    ways[0] = BigInteger.ONE;
    for (int t = 0; t < frames; t++) {
      for (int s = ways.length - 1; s > 0; s--) {
        ways[s] = ways[s].add(ways[s - 1]);
        if (s % 2 == 1 && s > 1 && target[s / 2] != target[s / 2 - 1]) {
          ways[s] = ways[s].add(ways[s - 2]);
        }
      }
    }
    BigInteger last = ways[ways.length - 1];
    return ways.length == 1 ? last : last.add(ways[ways.length - 2]);
  }

  @Test
  void countsOfAnySize() {
    int[] target = new int[15_000];
    for (int i = 0; i < target.length; i++) {
      target[i] = 1 + i % 2;
    }
    BigInteger count = CtcPaths.count(90_000, target);
    assertTrue(count.bitLength() > 80_000, "bits: " + count.bitLength());
    assertEquals(BigInteger.ZERO, CtcPaths.count(14_999, target));
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
