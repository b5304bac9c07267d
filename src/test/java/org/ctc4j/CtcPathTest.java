package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CtcPathTest {
  private static final int FRAMES = 30;
  private static final int CLASSES = 5;

  @ParameterizedTest
  @DisplayName("The ratio to the greedy path is ln p of the symbols less that of the best classes")
  @EnumSource
  void logRatio(InputKind input) {
    Random random = Seed.random(getClass());
    double[] logits = random.doubles((long) FRAMES * CLASSES, -4, 0).toArray();
    if (input != InputKind.SCORES) {
      for (int t = 0; t < FRAMES; t++) {
        double sum = 0;
        for (int c = 0; c < CLASSES; c++) {
          sum += Math.exp(logits[CLASSES * t + c]);
        }
        for (int c = 0; c < CLASSES; c++) {
          logits[CLASSES * t + c] -= Math.log(sum);
        }
      }
    }
    boolean areProbabilities = input == InputKind.PROBABILITIES;
    double[] numbers = areProbabilities ? Arrays.stream(logits).map(Math::exp).toArray() : logits;
    FrameTensor tensor = FrameTensor.timeMajor(numbers, FRAMES, 1, CLASSES);
    CtcOptions options = CtcOptions.DEFAULT.withInput(input);
    CtcBatch batch = CtcBatch.of(tensor, Targets.of(new int[] {1, 4, 4, 2}));
    CtcPath path = CtcAligner.create(Backend.CPU).align(batch, options).get(0);
    CtcPath greedy = CtcDecoder.create().greedy(tensor, new int[] {FRAMES}, options).get(0);
    for (int start = 0; start <= FRAMES; start++) {
      double expected = 0;
      for (int end = start; end <= FRAMES; end++) {
        assertEquals(expected, path.logRatio(greedy, start, end), 1e-12);
        assertTrue(path.logRatio(greedy, start, end) <= 0);
        if (end < FRAMES) {
          double[] row = Arrays.copyOfRange(logits, CLASSES * end, CLASSES * (end + 1));
          expected += row[path.symbol(end)] - Arrays.stream(row).max().getAsDouble();
        }
      }
      assertEquals(0, greedy.logRatio(greedy, start, FRAMES));
    }
    CtcPath shorter = CtcDecoder.create().greedy(tensor, new int[] {9}, options).get(0);
    refused("expected another of 30 frames, got one of 9", () -> path.logRatio(shorter, 0, 1));
    refused("within [0, 30), got [-1, 1)", () -> path.logRatio(greedy, -1, 1));
    refused("within [0, 30), got [2, 1)", () -> path.logRatio(greedy, 2, 1));
    refused("within [0, 30), got [2, 31)", () -> path.logRatio(greedy, 2, 31));
  }

  private static void refused(String part, org.junit.jupiter.api.function.Executable call) {
    String message = assertThrows(InvalidInputException.class, call).getMessage();
    assertTrue(message.contains(part), message);
  }

  @Test
  @DisplayName("A word that was not said has a lower ratio than one that was, in a sure model")
  void wrongWords() {
    float[] logits = new float[6 * 4];
    int[] said = {1, 0, 2, 0, 1, 0};
    for (int t = 0; t < 6; t++) {
      logits[4 * t + said[t]] = 8;
    }
    FrameTensor tensor = FrameTensor.timeMajor(logits, 6, 1, 4);
    CtcBatch batch = CtcBatch.of(tensor, Targets.of(new int[] {1, 3, 1})); // for 1, 2, 1
    CtcPath path = CtcAligner.create(Backend.CPU).align(batch, CtcOptions.DEFAULT).get(0);
    CtcPath greedy = CtcDecoder.create().greedy(tensor, new int[] {6}, CtcOptions.DEFAULT).get(0);
    double[] ratios =
        path.spans().stream().mapToDouble(s -> path.logRatio(greedy, s.start(), s.end())).toArray();
    assertEquals(0, ratios[0]);
    assertEquals(-8, ratios[1], 1e-6);
    assertEquals(0, ratios[2]);
  }
}
