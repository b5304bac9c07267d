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
import org.ctc4j.Strides;
import org.ctc4j.Targets;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ProbabilityCheckTest {
  private static final int[] CLASSES = {1, 2, 3, 28, 1025, 6625, 200_000};

  private final long seed = Long.getLong("ctc4j.seed", System.nanoTime());
  private final Random random = new Random(seed);

  private static FrameTensor tensor(ElementType type, int frames, int utterances, int classes) {
    Elements elements = Elements.allocate(type, (long) frames * utterances * classes);
    return FrameTensor.timeMajor(elements, frames, utterances, classes);
  }

  private static void check(FrameTensor tensor, int threads) {
    CtcBatch batch = CtcBatch.of(tensor, Targets.of(new int[tensor.utterances()][0]));
    Workers workers = Workers.of(EngineOptions.DEFAULT.withThreads(threads));
    InputCheck.check(batch, InputKind.PROBABILITIES, workers);
  }

  private static String refusal(FrameTensor tensor, int threads) {
    return assertThrows(InvalidInputException.class, () -> check(tensor, threads)).getMessage();
  }

  /** A softmax of numbers of some deviation. */
  private void fill(FrameTensor tensor, double deviation) {
    double[] row = new double[tensor.classes()];
    for (int n = 0; n < tensor.utterances(); n++) {
      for (int t = 0; t < tensor.frames(); t++) {
        Arrays.setAll(row, c -> deviation * random.nextGaussian());
        double max = Arrays.stream(row).max().getAsDouble();
        double sum = Arrays.stream(row).map(x -> Math.exp(x - max)).sum();
        for (int c = 0; c < row.length; c++) {
          tensor.set(t, n, c, Math.exp(row[c] - max) / sum);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("What softmax gives passes in every type, flat or peaked, few classes or many")
  void rounded(ElementType type) {
    for (int classes : CLASSES) {
      for (double deviation : new double[] {0, 1, 3, 30, 1000}) {
        if (type == ElementType.FLOAT16 && classes > 10_000 && deviation < 3) {
          continue; // each is less than a float16 can hold well
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
  @DisplayName("A little below 0 or above 1 is rounding, more is refused, wherever it stands")
  void beyond(ElementType type) {
    boolean wide = type == ElementType.FLOAT32 || type == ElementType.FLOAT64;
    double little = wide ? 0x1p-17 : 0x1p-7;
    double more = wide ? 0x1p-16 : 0x1p-6;
    for (int classes : CLASSES) {
      for (boolean above : new boolean[] {true, false}) {
        if (classes == 1 && !above) {
          continue;
        }
        FrameTensor tensor = tensor(type, 5, 2, classes);
        int c = random.nextInt(classes);
        for (int t = 0; t < 5; t++) {
          for (int n = 0; n < 2; n++) {
            tensor.set(t, n, (c + 1) % classes, above ? 0 : 1);
            tensor.set(t, n, c, above ? 1 + little : -little);
          }
        }
        check(tensor, 2);
        tensor.set(4, 1, c, above ? 1 + more : -more);
        String got = refusal(tensor, 2);
        String start = "logits: utterance 1, frame 4: class " + c + " has probability ";
        assertTrue(got.startsWith(start), got);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("Sums within 5 % of 1 pass, others are refused, by the numbers as they are")
  void sums(ElementType type) {
    for (int classes : new int[] {1, 2, 28, 1025, 6625}) {
      for (double sum : new double[] {0.3, 0.93, 0.949, 0.953, 0.97, 1, 1.03, 1.047, 1.07, 3}) {
        if (sum > classes) {
          continue; // a number above 1
        }
        FrameTensor tensor = tensor(type, 5, 1, classes);
        fill(tensor, 0);
        double stored = 0;
        for (int c = 0; c < classes; c++) {
          tensor.set(3, 0, c, sum / classes);
          stored += tensor.get(3, 0, c);
        }
        String what = "%s, C = %d, sum %s".formatted(type, classes, stored);
        if (Math.abs(stored - 1) <= 0.05) {
          assertDoesNotThrow(() -> check(tensor, 1), what);
        } else {
          String got = refusal(tensor, 1);
          assertTrue(got.startsWith("logits: utterance 0, frame 3: probabilities sum to "), got);
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
    tensor.set(150, 4, 699, -7);
    tensor.set(151, 4, 0, 8);
    for (int threads = 1; threads <= 5; threads++) {
      String got = refusal(tensor, threads);
      String expected = "logits: utterance 4, frame 150: class 699 has probability -7.0, ";
      assertTrue(got.startsWith(expected), got);
    }
  }

  @Test
  @DisplayName("Numbers no float can hold, strides, a frame of zeros, −Infinity")
  void extremes() {
    double[] numbers = {1, 0, 0, 1e300};
    FrameTensor rows = FrameTensor.strided(Elements.of(numbers), 0, 2, 1, 2, new Strides(2, 4, 1));
    String fault = "logits: utterance 0, frame 1: class 1 has probability 1.0E300, ";
    assertTrue(refusal(rows, 1).startsWith(fault));
    FrameTensor columns =
        FrameTensor.strided(Elements.of(numbers), 0, 2, 1, 2, new Strides(1, 4, 2));
    assertTrue(refusal(columns, 1).startsWith(fault));
    numbers[3] = 0;
    check(rows, 1);
    numbers[3] = Double.NEGATIVE_INFINITY;
    String infinite = "logits: utterance 0, frame 1: class 1 has probability -Infinity, ";
    assertTrue(refusal(rows, 1).startsWith(infinite));
    numbers[2] = Double.NaN; // a status of the utterance
    check(rows, 1);
  }
}
