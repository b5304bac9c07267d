package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcStatus;
import org.ctc4j.CudaAligner;
import org.ctc4j.CudaCtc;
import org.ctc4j.DeviceResult;
import org.ctc4j.ElementType;
import org.ctc4j.Elements;
import org.ctc4j.EngineOptions;
import org.ctc4j.FrameTensor;
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

/** Numbers in device memory that are said to be log-probabilities. */
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

  private final Random random = Seed.random(getClass());
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
