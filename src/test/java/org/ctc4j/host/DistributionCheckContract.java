package org.ctc4j.host;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.ctc4j.CtcBatch;
import org.ctc4j.ElementType;
import org.ctc4j.Elements;
import org.ctc4j.EngineOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.InputKind;
import org.ctc4j.InvalidInputException;
import org.ctc4j.Seed;
import org.ctc4j.Targets;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is checked of numbers that are a probability distribution over the classes each frame. */
abstract class DistributionCheckContract {
  private static final int MOST_OF_SUMS = 40_000;

  private final InputKind input;
  private final String name;

  /** Numbers of classes that are tried. */
  final int[] classCounts;

  final long seed = Seed.of(getClass());
  final Random random = new Random(seed);

  /**
   * @param name of one number in messages
   */
  DistributionCheckContract(InputKind input, String name, int... classCounts) {
    this.input = input;
    this.name = name;
    this.classCounts = classCounts;
  }

  /** The number for a probability, given by its logarithm. */
  abstract double number(double logarithm);

  /** Whether the type's rounding alone makes a frame's sum another. */
  boolean isTooCoarse(ElementType type, int classes, double deviation) {
    return false;
  }

  static FrameTensor tensor(ElementType type, int frames, int utterances, int classes) {
    Elements elements = Elements.allocate(type, (long) frames * utterances * classes);
    return FrameTensor.timeMajor(elements, frames, utterances, classes);
  }

  static CtcBatch batch(FrameTensor tensor) {
    return CtcBatch.of(tensor, Targets.of(new int[tensor.utterances()][0]));
  }

  final void check(FrameTensor tensor, int threads) {
    check(batch(tensor), input, threads);
  }

  static void check(CtcBatch batch, InputKind input, int threads) {
    InputCheck.check(batch, input, Workers.of(EngineOptions.DEFAULT.withThreads(threads)));
  }

  /** How a message about one number starts. */
  final String fault(int utterance, int frame, int c) {
    return "logits: utterance %d, frame %d: class %d has %s ".formatted(utterance, frame, c, name);
  }

  final void assertRefused(FrameTensor tensor, int threads, String start) {
    String got =
        assertThrows(InvalidInputException.class, () -> check(tensor, threads)).getMessage();
    assertTrue(got.startsWith(start), () -> got + ", -Dctc4j.seed=" + seed);
  }

  /** A softmax of numbers of some deviation. */
  private void fill(FrameTensor tensor, double deviation) {
    double[] row = new double[tensor.classes()];
    for (int n = 0; n < tensor.utterances(); n++) {
      for (int t = 0; t < tensor.frames(); t++) {
        Arrays.setAll(row, c -> deviation * random.nextGaussian());
        double max = Arrays.stream(row).max().getAsDouble();
        double logSum = Math.log(Arrays.stream(row).map(x -> Math.exp(x - max)).sum());
        for (int c = 0; c < row.length; c++) {
          tensor.set(t, n, c, number(row[c] - max - logSum));
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("What softmax gives passes in every type, flat or peaked, few classes or many")
  void rounded(ElementType type) {
    for (int classes : classCounts) {
      for (double deviation : new double[] {0, 0.1, 1, 3, 30, 1000}) {
        if (isTooCoarse(type, classes, deviation)) {
          continue;
        }
        FrameTensor tensor = tensor(type, classes > 1000 ? 3 : 40, 2, classes);
        fill(tensor, deviation);
        String what = "%s, C = %d, deviation %s, -Dctc4j.seed=%d";
        assertDoesNotThrow(
            () -> check(tensor, 2), () -> what.formatted(type, classes, deviation, seed));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("Sums within 5 % of 1 pass, others are refused, by the numbers as they are")
  void sums(ElementType type) {
    for (int classes : classCounts) {
      for (double sum : new double[] {0.3, 0.93, 0.949, 0.953, 0.97, 1, 1.03, 1.047, 1.07, 3}) {
        if (sum > classes || classes > MOST_OF_SUMS || isTooCoarse(type, classes, 0)) {
          continue; // more than 1 of a class, or long
        }
        FrameTensor tensor = tensor(type, 5, 1, classes);
        fill(tensor, 0);
        double stored = 0;
        for (int c = 0; c < classes; c++) {
          tensor.set(3, 0, c, number(Math.log(sum / classes)));
          double got = tensor.get(3, 0, c);
          stored += input == InputKind.LOG_PROBS ? Math.exp(got) : got;
        }
        if (Math.abs(stored - 1) <= 0.05) {
          String what = "%s, C = %d, sum %s".formatted(type, classes, stored);
          assertDoesNotThrow(() -> check(tensor, 1), what);
        } else {
          assertRefused(tensor, 1, "logits: utterance 0, frame 3: probabilities sum to ");
        }
      }
    }
  }

  @Test
  @DisplayName("The first fault is told, whatever the threads")
  void first() {
    FrameTensor tensor = tensor(ElementType.FLOAT32, 200, 16, 700); // enough work for threads
    fill(tensor, 1);
    for (int i = 0; i < 5; i++) {
      tensor.set(random.nextInt(200), 5 + random.nextInt(11), random.nextInt(700), 7);
    }
    tensor.set(150, 4, 699, 7);
    tensor.set(151, 4, 0, 8);
    for (int threads = 1; threads <= 5; threads++) {
      assertRefused(tensor, threads, fault(4, 150, 699) + "7.0, ");
    }
  }
}
