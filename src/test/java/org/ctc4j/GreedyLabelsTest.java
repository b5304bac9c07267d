package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Greedy labels without their confidences are those that come with them. */
class GreedyLabelsTest {
  private final long seed = Seed.of(getClass());
  private final Random random = new Random(seed);
  private final CtcDecoder decoder = CtcDecoder.create();

  @ParameterizedTest
  @EnumSource(InputKind.class)
  void labelsAndStatusesAreThoseOfThePaths(InputKind input) {
    for (ElementType type : ElementType.values()) {
      TestBatch drawn = TestBatch.random(random, 40, 6, 5, 0, 3);
      FrameTensor numbers = numbers(drawn, input, type);
      tie(numbers, 1, 7);
      numbers.set(0, 2, 3, Double.NaN);
      fill(numbers, 3, 0, input == InputKind.PROBABILITIES ? 0 : Double.NEGATIVE_INFINITY);
      if (input == InputKind.SCORES) {
        fill(numbers, 4, 0, type == ElementType.FLOAT16 ? -60000 : -0x1p26);
        fill(numbers, 5, 0, type == ElementType.FLOAT16 ? -60000 : -0x1.8p26);
      }
      int[] lengths = {40, 40, 40, 40, 40, 40};
      CtcOptions options = CtcOptions.DEFAULT.withBlank(2).withInput(input);
      List<CtcPath> expected = decoder.greedy(numbers, lengths, options);
      List<CtcLabels> got = decoder.greedyLabels(numbers, options);
      for (int n = 0; n < 6; n++) {
        String where = input + ", " + type + ", utterance " + n + " -Dctc4j.seed=" + seed;
        assertEquals(expected.get(n).status(), got.get(n).status(), where);
        assertArrayEquals(expected.get(n).labels(), got.get(n).labels(), where);
      }
      assertEquals(CtcStatus.OK, got.get(1).status());
      assertEquals(CtcStatus.NOT_FINITE, got.get(2).status());
      assertEquals(CtcStatus.INFEASIBLE, got.get(3).status());
    }
  }

  private static FrameTensor numbers(TestBatch drawn, InputKind input, ElementType type) {
    FrameTensor probabilities = CtcContract.softmax(drawn.timeMajor(), type);
    return input == InputKind.PROBABILITIES ? probabilities : CtcContract.logarithms(probabilities);
  }

  /** All classes of a frame the same, as far as its sum allows. */
  private static void tie(FrameTensor numbers, int n, int t) {
    fill(numbers, n, t, numbers.get(t, n, 0) < 0 ? Math.log(0.2) : 0.2);
  }

  private static void fill(FrameTensor numbers, int n, int t, double value) {
    for (int c = 0; c < numbers.classes(); c++) {
      numbers.set(t, n, c, value);
    }
  }

  @Test
  @DisplayName("Frames from the input length on are not read, and a length out of range is refused")
  void lengths() {
    FrameTensor logits =
        FrameTensor.timeMajor(new float[] {0, 1, 1, 0, 0, 1, Float.NaN, 1}, 4, 1, 2);
    CtcLabels got = decoder.greedyLabels(logits, new int[] {3}, CtcOptions.DEFAULT).get(0);
    assertEquals("OK: [1, 1]", got.toString());
    assertEquals("NOT_FINITE", decoder.greedyLabels(logits, CtcOptions.DEFAULT).get(0).toString());
    assertThrows(
        InvalidInputException.class,
        () -> decoder.greedyLabels(logits, new int[] {5}, CtcOptions.DEFAULT));
  }
}
