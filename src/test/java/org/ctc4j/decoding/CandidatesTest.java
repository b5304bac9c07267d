package org.ctc4j.decoding;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.ctc4j.Seed;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class CandidatesTest {
  private static final double LOG_ZERO = Double.NEGATIVE_INFINITY;

  private static int[] labels(Candidates candidates) {
    return Arrays.stream(candidates.ranked()).map(slot -> candidates.label[slot]).toArray();
  }

  @Test
  @DisplayName("The best are taken, in their order; no score that is not above −Infinity is")
  void best() {
    Random random = Seed.random(getClass());
    for (int i = 0; i < 100; i++) {
      int about = i % 2 == 0 ? 50 : 2000; // few are put in order in another way than many
      int most = 1 + random.nextInt(about);
      double[] scores = random.doubles(random.nextInt(2 * about), -9, 0).toArray();
      Candidates candidates = new Candidates(most, Double.POSITIVE_INFINITY);
      for (int round = 0; round < 2; round++) { // it can be used again
        candidates.clear();
        for (int k = 0; k < scores.length; k++) {
          candidates.offer(0, -2, LOG_ZERO, LOG_ZERO, LOG_ZERO, 0);
          candidates.offer(0, -3, LOG_ZERO, LOG_ZERO, LOG_ZERO, 5);
          double added = random.nextGaussian();
          candidates.offer(7, k, -1 - k, -2 - k, scores[k] - added, added);
        }
        int[] expected =
            IntStream.range(0, scores.length)
                .boxed()
                .sorted((a, b) -> Double.compare(scores[b], scores[a]))
                .limit(most)
                .mapToInt(Integer::intValue)
                .toArray();
        int[] slots = candidates.ranked();
        for (int slot : slots) {
          int k = candidates.label[slot];
          assertEquals(7, candidates.entry[slot]);
          assertEquals(scores[k], candidates.score[slot], 1e-12);
          assertEquals(-1 - k, candidates.logBlank[slot]);
          assertEquals(-2 - k, candidates.logLabel[slot]);
        }
        assertArrayEquals(
            expected, Arrays.stream(slots).map(slot -> candidates.label[slot]).toArray());
      }
    }
  }

  @Test
  @DisplayName("Of equal scores those that came first stay, the first of them first")
  void ties() {
    Candidates candidates = new Candidates(3, Double.POSITIVE_INFINITY);
    candidates.clear();
    for (int k = 0; k < 6; k++) {
      assertEquals(k < 3 ? LOG_ZERO : -2, candidates.threshold());
      candidates.offer(0, k, -1, LOG_ZERO, -1, -1);
    }
    assertArrayEquals(new int[] {0, 1, 2}, labels(candidates));
  }

  @Test
  @DisplayName("So they do where one has taken the place of a worse one that came before them")
  void tiesAfterOthersHaveLeft() {
    Candidates candidates = new Candidates(3, Double.POSITIVE_INFINITY);
    candidates.clear();
    double[] scores = {-4, -2, -2, -2, -1};
    for (int k = 0; k < scores.length; k++) {
      candidates.offer(0, k, scores[k], LOG_ZERO, scores[k], 0);
    }
    assertArrayEquals(new int[] {4, 1, 2}, labels(candidates));
  }

  @Test
  @DisplayName(
      "Scores that differ in their last bit are in their order, those of 0 and −0 as equal")
  void lastBits() {
    Random random = Seed.random(getClass());
    for (int i = 0; i < 20; i++) {
      int[] steps = random.ints(i % 2 == 0 ? 40 : 200, -9, 10).toArray();
      double around = random.nextBoolean() ? -3 : 0;
      double[] scores =
          Arrays.stream(steps).mapToDouble(step -> around + step * Math.ulp(around)).toArray();
      scores[7] = -0.0;
      Candidates candidates = new Candidates(300, Double.POSITIVE_INFINITY);
      candidates.clear();
      for (int k = 0; k < scores.length; k++) {
        candidates.offer(0, k, scores[k], LOG_ZERO, scores[k], -0.0);
      }
      int[] expected =
          IntStream.range(0, scores.length)
              .boxed()
              .sorted((a, b) -> scores[a] == scores[b] ? 0 : Double.compare(scores[b], scores[a]))
              .mapToInt(Integer::intValue)
              .toArray();
      assertArrayEquals(expected, labels(candidates));
    }
  }

  @Test
  @DisplayName("What is as far below the best as the range, or farther, is not taken")
  void range() {
    Candidates candidates = new Candidates(4, 2);
    for (double[] scores : new double[][] {{-5, -3, -4, -4.5, -1, -2}, {-1, -2, -3, -4}}) {
      candidates.clear();
      for (int k = 0; k < scores.length; k++) {
        candidates.offer(0, (int) -scores[k], scores[k], LOG_ZERO, scores[k], 0);
      }
      assertArrayEquals(new int[] {1, 2}, labels(candidates));
    }
  }
}
