package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Blank penalty and label priors as values, and the estimate of priors. */
class ClassOffsetsTest {
  private static final double LOG_ZERO = Double.NEGATIVE_INFINITY;

  private static void refused(String message, Executable call) {
    assertEquals(message, assertThrows(InvalidInputException.class, call).getMessage());
  }

  @Test
  @DisplayName("o(c) = −scale · ln prior(c), the blank's less the penalty")
  void offsets() {
    LabelPriors priors = LabelPriors.of(new double[] {-1, -4, 0}, 0.5);
    CtcOptions options = CtcOptions.DEFAULT.withBlank(1).withLabelPriors(priors);
    assertArrayEquals(new double[] {0.5, 2, 0}, options.offsets(3));
    assertArrayEquals(new double[] {0.5, -1, 0}, options.withBlankPenalty(3).offsets(3));
    assertArrayEquals(
        new double[] {0, 0, -3}, CtcOptions.DEFAULT.withBlank(2).withBlankPenalty(3).offsets(3));
    assertNull(CtcOptions.DEFAULT.offsets(3));
    assertNull(
        CtcOptions.DEFAULT.withLabelPriors(LabelPriors.of(new double[] {-1, -4}, 0)).offsets(2));
  }

  @Test
  @DisplayName("Options with equal offsets are equal")
  void values() {
    LabelPriors priors = LabelPriors.of(new double[] {-1, -4}, 0.5);
    LabelPriors same = LabelPriors.of(new double[] {-1, -4}, 0.5);
    assertEquals(
        CtcOptions.DEFAULT.withLabelPriors(priors), CtcOptions.DEFAULT.withLabelPriors(same));
    assertEquals(priors.hashCode(), same.hashCode());
    assertNotEquals(priors, LabelPriors.of(new double[] {-1, -4}, 0.6));
    assertNotEquals(priors, LabelPriors.of(new double[] {-1, -3}, 0.5));
    assertEquals("priors of 2 classes, scale 0.5", priors.toString());
    assertEquals(LabelPriors.of(new double[] {-4, -1, -4}, 0.5), priors.select(1, 0, 1));
  }

  @Test
  @DisplayName("What is out of range is refused, and told")
  void outOfRange() {
    refused(
        "blank_penalty: expected a number of nats in [-100.0, 100.0], got 1.0E30",
        () -> CtcOptions.DEFAULT.withBlankPenalty(1e30));
    refused(
        "blank_penalty: expected a number of nats in [-100.0, 100.0], got NaN",
        () -> CtcOptions.DEFAULT.withBlankPenalty(Double.NaN));
    refused(
        "prior_scale: expected a finite number, 0 or more, got -1.0",
        () -> LabelPriors.of(new double[2], -1));
    refused(
        "label_priors: class 1 has -Infinity, expected a finite logarithm of a probability, at"
            + " most 0",
        () -> LabelPriors.of(new double[] {-1, LOG_ZERO}, 0.3));
    refused(
        "label_priors: class 0 has 0.25, expected a finite logarithm of a probability, at most 0",
        () -> LabelPriors.of(new double[] {0.25, 0.75}, 0.3));
    refused(
        "label_priors: class 1 has -1.0E30, which with scale 0.5 adds 5.0E29 nats, expected at most"
            + " 100.0",
        () -> LabelPriors.of(new double[] {-1, -1e30}, 0.5));
  }

  @Test
  @DisplayName("Priors of another number of classes, or with a penalty too much, are refused")
  void call() {
    CtcBatch batch =
        CtcBatch.of(FrameTensor.timeMajor(new float[8], 4, 1, 2), Targets.of(new int[] {1}));
    LabelPriors three = LabelPriors.of(new double[] {-1, -1, -1}, 0.3);
    LabelPriors low = LabelPriors.of(new double[] {-80, -1}, 1);
    try (Ctc ctc = Ctc.create(Backend.REFERENCE)) {
      refused(
          "label_priors: expected 2, one for each class, got 3",
          () -> ctc.loss(batch, CtcOptions.DEFAULT.withLabelPriors(three)));
      refused(
          "blank_penalty: expected a number that takes the blank's 80.0 nats of label_priors to"
              + " [-100.0, 100.0], got -30.0",
          () -> ctc.loss(batch, CtcOptions.DEFAULT.withLabelPriors(low).withBlankPenalty(-30)));
    }
    refused(
        "offsets: a decoder takes no blank penalty and no label priors, got"
            + " ClassOffsets[blankPenalty=1.0, labelPriors=null]",
        () -> CtcDecoder.create().greedy(batch.logits(), CtcOptions.DEFAULT.withBlankPenalty(1)));
  }

  // ---- the estimate ----

  private static CtcBatch batch(InputKind input) {
    double[] p = {0.5, 0.25, 0.25, 0.125, 0.125, 0.75, 0.25, 0.5, 0.25, 1, 0, 0};
    double[] numbers = new double[12];
    for (int i = 0; i < 12; i++) {
      boolean used = i < 9;
      double x = input == InputKind.PROBABILITIES ? p[i] : Math.log(p[i]);
      numbers[i] = used ? x + (input == InputKind.LOGITS ? i / 3 : 0) : Double.NaN;
    }
    FrameTensor tensor = FrameTensor.timeMajor(numbers, 4, 1, 3);
    return CtcBatch.of(tensor, Targets.of(new int[] {1}), new int[] {3});
  }

  @Test
  @DisplayName("Priors are the mean probabilities of used frames, of whatever kind of input")
  void mean() {
    for (InputKind input : InputKind.values()) {
      if (input != InputKind.SCORES) {
        LabelPriorEstimate estimate = new LabelPriorEstimate(3);
        estimate.add(batch(input), CtcOptions.DEFAULT.withInput(input));
        assertEquals(3, estimate.frames());
        double[] expected = {
          Math.log(0.875 / 3), Math.log(0.875 / 3), Math.log(1.25 / 3),
        };
        assertArrayEquals(expected, estimate.logPriors(-12), 1e-12);
      }
    }
  }

  @Test
  @DisplayName("What is decayed counts less; 0 forgets it")
  void decay() {
    LabelPriorEstimate estimate = new LabelPriorEstimate(2);
    FrameTensor first = FrameTensor.timeMajor(new double[] {0, LOG_ZERO}, 1, 1, 2);
    FrameTensor second = FrameTensor.timeMajor(new double[] {LOG_ZERO, 0}, 1, 1, 2);
    Targets none = Targets.of(new int[1][0]);
    estimate.add(CtcBatch.of(first, none), CtcOptions.DEFAULT);
    assertArrayEquals(new double[] {0, -12}, estimate.logPriors(-12));
    estimate.decay(0.5);
    estimate.add(CtcBatch.of(second, none), CtcOptions.DEFAULT);
    assertArrayEquals(
        new double[] {Math.log(1 / 3.0), Math.log(2 / 3.0)}, estimate.logPriors(-12), 1e-15);
    estimate.decay(0);
    assertEquals(
        "no frame was added since the start, or since decay(0)",
        assertThrows(IllegalStateException.class, () -> estimate.logPriors(-12)).getMessage());
  }

  @Test
  @DisplayName("The state comes back from its array")
  void state() {
    LabelPriorEstimate estimate = new LabelPriorEstimate(3);
    estimate.add(batch(InputKind.LOGITS), CtcOptions.DEFAULT);
    double[] state = estimate.toArray();
    assertEquals(4, state.length);
    LabelPriorEstimate again = LabelPriorEstimate.fromArray(state);
    assertArrayEquals(state, again.toArray());
    assertArrayEquals(estimate.logPriors(-12), again.logPriors(-12));
    refused(
        "estimate: number 1 is -1.0, expected a finite one, 0 or more",
        () -> LabelPriorEstimate.fromArray(new double[] {1, -1, 2}));
    refused(
        "classes: expected 1 or more, got 0", () -> LabelPriorEstimate.fromArray(new double[1]));
  }

  @Test
  @DisplayName("Utterances without probabilities are left out, what makes no sense is refused")
  void leftOut() {
    LabelPriorEstimate estimate = new LabelPriorEstimate(2);
    double[] numbers = {0, 0, 0, Double.NaN, 0, Double.POSITIVE_INFINITY, LOG_ZERO, LOG_ZERO};
    Targets none = Targets.of(new int[4][0]);
    estimate.add(CtcBatch.of(FrameTensor.timeMajor(numbers, 1, 4, 2), none), CtcOptions.DEFAULT);
    assertArrayEquals(new double[] {0.5, 0.5, 1}, estimate.toArray());
    refused(
        "logits: expected 2 classes, got 3",
        () -> estimate.add(batch(InputKind.LOGITS), CtcOptions.DEFAULT));
    refused(
        "input: expected LOGITS, LOG_PROBS or PROBABILITIES, got SCORES, which have no mean",
        () ->
            estimate.add(
                CtcBatch.of(FrameTensor.timeMajor(numbers, 1, 4, 2), none),
                CtcOptions.DEFAULT.withInput(InputKind.SCORES)));
    refused("decay: expected a factor in [0, 1], got 1.5", () -> estimate.decay(1.5));
    refused(
        "least: expected a finite number below 0, got -Infinity",
        () -> estimate.logPriors(LOG_ZERO));
  }
}
