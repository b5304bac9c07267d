package org.ctc4j.decoding;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.ctc4j.BeamOptions;
import org.ctc4j.Seed;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ClassPruningTest {
  private static final double LOG_ZERO = Double.NEGATIVE_INFINITY;

  /** Scores that tie, at times impossible ones, or nothing else. */
  private static double[] row(Random random, int classes) {
    int possible = random.nextInt(5);
    return random
        .doubles(classes)
        .map(x -> random.nextInt(4) < possible ? -Math.floor(4 * x) : LOG_ZERO)
        .toArray();
  }

  @Test
  @DisplayName("The most probable, of equal ones the least index; the best, however improbable")
  void asSorted() {
    Random random = Seed.random(getClass());
    for (int i = 0; i < 3000; i++) {
      int classes = 1 + random.nextInt(12);
      int most = 1 + random.nextInt(classes + 2);
      double least = random.nextInt(3) == 0 ? LOG_ZERO : -random.nextInt(8);
      double normaliser = random.nextInt(5); // whole numbers: no rounding makes or hides ties
      double[] scores = row(random, classes);
      double best = IntStream.range(0, classes).mapToDouble(c -> scores[c]).max().orElseThrow();
      List<Integer> expected =
          IntStream.range(0, classes)
              .filter(c -> scores[c] > LOG_ZERO)
              .boxed()
              .sorted(Comparator.comparingDouble(c -> -scores[c]))
              .limit(most)
              .filter(c -> scores[c] - normaliser >= Math.min(best - normaliser, least))
              .toList();
      BeamOptions options = BeamOptions.DEFAULT.withTopClasses(most).withMinLogProbability(least);
      ClassPruning pruning = new ClassPruning(classes, options);
      double[] row = scores.clone();
      pruning.select(row, normaliser);
      String what = "%s, top %d, least %s".formatted(expected, most, least);
      assertEquals(
          expected, IntStream.range(0, pruning.count()).map(pruning::get).boxed().toList(), what);
      assertEquals(expected.isEmpty() ? 0 : expected.get(0), pruning.best(), what);
      for (int c = 0; c < classes; c++) {
        double logProb = scores[c] - normaliser;

        assertEquals(expected.contains(c) ? logProb : LOG_ZERO, row[c], what + ", class " + c);
      }
    }
  }
}
