package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcAligner;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcPath;
import org.ctc4j.CtcResult;
import org.ctc4j.CtcStatus;
import org.ctc4j.CudaAligner;
import org.ctc4j.CudaCtc;
import org.ctc4j.DeviceResult;
import org.ctc4j.ElementType;
import org.ctc4j.Elements;
import org.ctc4j.EngineOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.GradientKind;
import org.ctc4j.InputKind;
import org.ctc4j.Seed;
import org.ctc4j.Targets;
import org.ctc4j.cuda.driver.PrimaryContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Numbers in device memory that are said to be log-probabilities, or probabilities. */
@OnDevice
class CudaDeviceLogProbsTest {
  /** A way of the kernels through a row each. */
  private static final int[] CLASSES = {2, 40, 700, 3000, 9000};

  private static final int FRAMES = DeviceLogProbs.FRAMES;
  private static final int UTTERANCES = DeviceLogProbs.UTTERANCES;
  private static final int OK = CtcStatus.OK.ordinal();
  private static final int INFEASIBLE = CtcStatus.INFEASIBLE.ordinal();
  private static final int NOT_FINITE = CtcStatus.NOT_FINITE.ordinal();
  private static final int BAD_LOG_PROBS = DeviceResult.BAD_LOG_PROBS;

  private final long seed = Seed.of(getClass());
  private final Random random = new Random(seed);
  private PrimaryContext context;
  private CudaCtc ctc;
  private CudaAligner aligner;

  @BeforeEach
  void open() {
    TestDriver.set("checking", 0);
    ctc = CudaCtc.create(0, EngineOptions.DEFAULT);
    aligner = CudaAligner.create(0, EngineOptions.DEFAULT);
    context = new PrimaryContext(0);
  }

  @AfterEach
  void nothingIsLeft() {
    context.close();
    aligner.close();
    ctc.close();
    TestDriver.assertNothingLeft();
    TestDriver.assertNoFindings();
  }

  /** That one utterance has a status, the others OK; and all OK where they are scores. */
  private void assertStatus(int n, int expected, DeviceLogProbs batch) {
    int[] all = new int[UTTERANCES];
    all[n] = expected;
    assertStatuses(all, batch, InputKind.LOG_PROBS);
    all[n] = expected == BAD_LOG_PROBS ? OK : expected;
    assertStatuses(all, batch, InputKind.SCORES);
  }

  private void assertStatuses(int[] expected, DeviceLogProbs batch, InputKind input) {
    CtcOptions options = CtcOptions.DEFAULT.withInput(input);
    String what = "%s, %s".formatted(input, batch);
    context.whileCurrent(
        () -> {
          try (DeviceLogProbs.Outputs outputs = batch.outputs()) {
            ctc.enqueue(outputs.batch, options, outputs.result, 0);
            aligner.enqueue(outputs.batch, options, outputs.paths, 0);
            assertArrayEquals(expected, outputs.statuses(), what);
            assertArrayEquals(expected, outputs.pathStatuses(), "paths of " + what);
            double[] losses = outputs.losses();
            double[] scores = outputs.scores();
            float[] gradient = outputs.gradient();
            float[] posteriors = outputs.posteriors();
            int[] states = outputs.states();
            for (int n = 0; n < UTTERANCES; n++) {
              boolean bad = expected[n] > INFEASIBLE;
              assertEquals(bad, Double.isNaN(losses[n]), what);
              assertEquals(bad, Double.isNaN(scores[n]), what);
              for (int t = 0; t < FRAMES && expected[n] != OK; t++) {
                assertEquals(-1, states[n * FRAMES + t], what);
                int row = (t * UTTERANCES + n) * batch.classes;
                for (int c = row; c < row + batch.classes; c++) {
                  assertTrue(gradient[c] == 0 && posteriors[c] == 0, what);
                }
              }
            }
          }
        });
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("A number above 0 by more than rounding is a status of its utterance")
  void entry(ElementType type) {
    double tolerance = type.bytes() == 2 ? 1e-3 : 1e-5;
    for (int i = 0; i < CLASSES.length; i++) {
      int n = i % UTTERANCES;
      DeviceLogProbs batch = new DeviceLogProbs(random, type, CLASSES[i]);
      int t = random.nextInt(FRAMES);
      batch.setOnly(t, n, 0, 1.02 * tolerance);
      assertStatus(n, BAD_LOG_PROBS, batch);
      batch.setOnly(t, n, 0, 0.98 * tolerance);
      assertStatus(n, OK, batch);
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("So it is where the target has no possible symbol")
  void entryBesideTheTarget(ElementType type) {
    DeviceLogProbs batch = new DeviceLogProbs(random, type, 40);
    batch.setOnly(2, 1, 7, 0);
    assertStatuses(new int[] {OK, INFEASIBLE, OK}, batch, InputKind.LOG_PROBS);
    batch.setOnly(2, 1, 7, 0.01);
    assertStatuses(new int[] {OK, BAD_LOG_PROBS, OK}, batch, InputKind.LOG_PROBS);
    assertStatuses(new int[] {OK, INFEASIBLE, OK}, batch, InputKind.SCORES);
    batch.setOnly(2, 1, 7, Double.NEGATIVE_INFINITY);
    assertStatuses(new int[] {OK, INFEASIBLE, OK}, batch, InputKind.LOG_PROBS);
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("A sum that is not within 5 % of 1 is a status of its utterance")
  void sum(ElementType type) {
    double rounding = type.bytes() == 2 ? 0.02 : 1e-4;
    for (int i = 0; i < CLASSES.length; i++) {
      int n = i % UTTERANCES;
      for (double sum : new double[] {1 - 0.05, 1 + 0.05}) {
        int t = random.nextInt(FRAMES);
        double outwards = sum < 1 ? -rounding : rounding;
        DeviceLogProbs batch = new DeviceLogProbs(random, type, CLASSES[i]);
        batch.add(t, n, Math.log(sum + outwards));
        assertStatus(n, BAD_LOG_PROBS, batch);
        batch = new DeviceLogProbs(random, type, CLASSES[i]);
        batch.add(t, n, Math.log(sum - outwards));
        assertStatus(n, OK, batch);
      }
    }
  }

  @Test
  @DisplayName("Unused frames do not count; NaN counts more, too few frames less")
  void amongOthers() {
    DeviceLogProbs batch = new DeviceLogProbs(random, ElementType.FLOAT32, 9);
    batch.inputLengths[0] = FRAMES - 1;
    batch.add(FRAMES - 1, 0, 3);
    batch.add(1, 1, 3);
    batch.setOnly(0, 1, 0, Double.NaN);
    batch.add(0, 2, 3);
    batch.inputLengths[2] = 1;
    batch.targets[2] = new int[] {1, 2};
    assertStatuses(new int[] {OK, NOT_FINITE, BAD_LOG_PROBS}, batch, InputKind.LOG_PROBS);
    assertStatuses(new int[] {OK, NOT_FINITE, INFEASIBLE}, batch, InputKind.SCORES);
  }

  // ---- probabilities ----

  private static int[] all(int expected) {
    int[] statuses = new int[UTTERANCES];
    Arrays.fill(statuses, expected);
    return statuses;
  }

  private void assertProbabilities(int n, int expected, DeviceLogProbs batch) {
    int[] all = all(OK);
    all[n] = expected;
    assertStatuses(all, batch, InputKind.PROBABILITIES);
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("A probability out of [0, 1] by more than rounding is a status of its utterance")
  void probability(ElementType type) {
    double tolerance = type.bytes() == 2 ? 1e-2 : 1e-5;
    for (int i = 0; i < CLASSES.length; i++) {
      int n = i % UTTERANCES;
      int t = random.nextInt(FRAMES);
      for (boolean fine : new boolean[] {true, false}) {
        double distance = tolerance * (fine ? 0.8 : 1.6);
        DeviceLogProbs batch = DeviceLogProbs.probabilities(random, type, CLASSES[i]);
        batch.setOnly(t, n, 0, 1 + distance);
        assertProbabilities(n, fine ? OK : BAD_LOG_PROBS, batch);
        batch.setOnly(t, n, 1, 1);
        batch.set(t, n, 0, -distance);
        assertProbabilities(n, fine ? OK : BAD_LOG_PROBS, batch);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("A sum of probabilities that is not within 5 % of 1 is a status, but for one of 0")
  void sumOfProbabilities(ElementType type) {
    double rounding = type.bytes() == 2 ? 0.02 : 1e-4;
    for (int i = 0; i < CLASSES.length; i++) {
      int n = i % UTTERANCES;
      int t = random.nextInt(FRAMES);
      for (double sum : new double[] {1 - 0.05, 1 + 0.05}) {
        double outwards = sum < 1 ? -rounding : rounding;
        DeviceLogProbs batch = DeviceLogProbs.probabilities(random, type, CLASSES[i]);
        batch.add(t, n, Math.log(sum + outwards));
        assertProbabilities(n, BAD_LOG_PROBS, batch);
        batch = DeviceLogProbs.probabilities(random, type, CLASSES[i]);
        batch.add(t, n, Math.log(sum - outwards));
        assertProbabilities(n, OK, batch);
      }
      DeviceLogProbs batch = DeviceLogProbs.probabilities(random, type, CLASSES[i]);
      batch.setOnly(t, n, 0, 0);
      assertProbabilities(n, INFEASIBLE, batch);
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("NaN and +Infinity among probabilities count more than what cannot be one")
  void notFiniteProbabilities(ElementType type) {
    double inf = Double.POSITIVE_INFINITY;
    for (int classes : CLASSES) {
      DeviceLogProbs batch = DeviceLogProbs.probabilities(random, type, classes);
      batch.set(0, 0, classes - 1, Double.NaN);
      batch.set(1, 0, 0, 3);
      batch.set(2, 1, 0, inf);
      batch.set(2, 1, classes - 1, -inf);
      batch.set(3, 2, random.nextInt(classes), -inf);
      int[] expected = {NOT_FINITE, NOT_FINITE, BAD_LOG_PROBS};
      assertStatuses(expected, batch, InputKind.PROBABILITIES);
    }
  }

  /** A frame's probabilities: zeros, exact ones, and numbers at the end of the type's range. */
  private double[] hostileFrame(ElementType type, int classes) {
    int kind = random.nextInt(4);
    double[] p = new double[classes];
    if (kind == 0) {
      p[random.nextInt(2)] = 1;
      return p;
    }
    double range =
        switch (type) {
          case FLOAT64 -> 760;
          case FLOAT32, BFLOAT16 -> 106;
          case FLOAT16 -> 18;
        };
    double rest = 1;
    for (int c = 1; c < classes; c++) {
      double least = Math.exp(-range * random.nextDouble());
      p[c] =
          kind == 1 && random.nextInt(2) == 0 ? 0 : rest * (random.nextInt(3) == 0 ? 0.4 : least);
      rest -= p[c];
    }
    p[0] = rest;
    int other = random.nextInt(classes); // the blank need not have the most
    p[0] = p[other];
    p[other] = rest;
    return p;
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("Zeros, ones and subnormal probabilities give what the CPU gives, on all ways")
  void matchesCpu(ElementType type) {
    for (int i = 0; i < 30; i++) {
      DeviceLogProbs batch = DeviceLogProbs.probabilities(random, type, 2 + random.nextInt(40));
      for (int n = 0; n < UTTERANCES; n++) {
        batch.targets[n] = n == 0 ? new int[0] : n == 1 ? new int[] {1} : new int[] {1, 1};
        for (int t = 0; t < FRAMES; t++) {
          double[] p = hostileFrame(type, batch.classes);
          for (int c = 0; c < p.length; c++) {
            batch.set(t, n, c, p[c]);
          }
        }
      }
      for (GradientKind kind : GradientKind.values()) {
        CtcOptions options = CtcOptions.DEFAULT.withInput(InputKind.PROBABILITIES);
        assertMatchesCpu(batch, options.withGradientKind(kind));
      }
    }
  }

  private void assertMatchesCpu(DeviceLogProbs batch, CtcOptions options) {
    CtcBatch host = batch.host();
    String what = "%s, %s, replay with -Dctc4j.seed=%d".formatted(batch, options, seed);
    try (Ctc cpu = Ctc.create(Backend.CPU)) {
      CtcResult expected = CtcResult.ofGradient(host.logits().zerosLike(ElementType.FLOAT32));
      cpu.compute(host, options, expected);
      CtcResult posteriors = cpu.posteriors(host, options);
      List<CtcPath> paths = CtcAligner.create(Backend.CPU).align(host, options);
      context.whileCurrent(
          () -> {
            try (DeviceLogProbs.Outputs outputs = batch.outputs()) {
              ctc.enqueue(outputs.batch, options, outputs.result, 0);
              aligner.enqueue(outputs.batch, options, outputs.paths, 0);
              float[] gradient = outputs.gradient();
              float[] ofClasses = outputs.posteriors();
              for (int n = 0; n < UTTERANCES; n++) {
                assertEquals(expected.status(n).ordinal(), outputs.statuses()[n], what);
                double loss = expected.loss(n);
                assertEquals(loss, outputs.losses()[n], 1e-14 + 1e-6 * Math.abs(loss), what);
                CtcPath path = paths.get(n);
                assertEquals(path.status().ordinal(), outputs.pathStatuses()[n], what);
                double score = path.logProbability();
                assertEquals(score, outputs.scores()[n], Math.abs(1e-14 * score), what);
                for (int t = 0; t < FRAMES; t++) {
                  boolean on = t < path.frames();
                  assertEquals(on ? path.state(t) : -1, outputs.states()[n * FRAMES + t], what);
                  for (int c = 0; c < batch.classes; c++) {
                    int at = (t * UTTERANCES + n) * batch.classes + c;
                    double posterior = posteriors.posteriors().get(t, n, c);
                    assertEquals(posterior, ofClasses[at], 1e-5, what);
                    double derivative = expected.gradient().get(t, n, c);
                    double unit =
                        options.gradientIsPerProbability() ? host.logits().get(t, n, c) : 1;
                    if (Double.isInfinite(derivative) && posterior < 0x1p-80) {
                      assertTrue(gradient[at] <= 0, what); // such a posterior counts as 0
                    } else if (unit == 0 || Double.isInfinite(derivative)) {
                      assertEquals(derivative, gradient[at], what);
                    } else {
                      assertEquals(derivative * unit, gradient[at] * unit, 1e-5, what);
                    }
                  }
                }
              }
            }
          });
    }
  }

  @Test
  @DisplayName("What the host lets pass, by the tolerance of its type, passes in whatever type")
  void hostBatches() {
    Elements[] pieces = new Elements[2];
    for (int i = 0; i < 2; i++) {
      pieces[i] = Elements.allocate(ElementType.FLOAT16, 2);
      pieces[i].set(0, 5e-4);
      pieces[i].set(1, -30);
    }
    CtcBatch batch =
        CtcBatch.of(
            FrameTensor.timeMajor(Elements.concatenation(pieces), 2, 1, 2),
            Targets.of(new int[][] {{}}));
    CtcOptions options = CtcOptions.DEFAULT.withInput(InputKind.LOG_PROBS);
    assertEquals(CtcStatus.OK, ctc.loss(batch, options).status(0));
    assertEquals(CtcStatus.OK, aligner.align(batch, options).get(0).status());
  }
}
