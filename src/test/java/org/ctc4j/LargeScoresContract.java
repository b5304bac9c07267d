package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Scores that are taken as they come and are no probabilities, up to those whose e^x overflows. */
public abstract class LargeScoresContract {
  /** A new engine of the backend under test; fails if another would be picked. */
  protected abstract Ctc engine();

  /** Beyond, sums of logarithms over some frames leave the reference no digit of a posterior. */
  private static final double MOST_OF_REFERENCE = 1e9;

  /**
   * Frames around {@code score}, of which the fifth is ordinary; every few numbers are far below or
   * impossible.
   */
  private static TestBatch batch(double score, double deviation, long seed) {
    Random random = new Random(seed);
    TestBatch batch = TestBatch.random(random, 30, 3, 9, 6, deviation);
    for (double[][] utterance : batch.logits()) {
      for (int t = 0; t < utterance.length; t++) {
        double shift = t == 5 ? 0 : score;
        for (int c = 0; c < utterance[t].length; c++) {
          boolean low = c != batch.blank() && random.nextInt(9) == 0;
          double x = shift + utterance[t][c];
          utterance[t][c] = (float) (low ? random.nextBoolean() ? x - 1e4 : -1e30 : x);
        }
      }
    }
    return batch;
  }

  @ParameterizedTest
  @CsvSource({"80,2", "300,2", "708,2", "720,2", "720,40", "10000,2", "10000,400", "1e30,2"})
  @DisplayName("The gradient is the reference's: finite, or infinite where e^x is; never NaN")
  void gradient(double score, double deviation) {
    compare(score, batch(score, deviation, (long) score));
  }

  private void compare(double score, TestBatch batch) {
    for (GradientKind kind : GradientKind.values()) {
      for (ElementType type : new ElementType[] {ElementType.FLOAT32, ElementType.FLOAT64}) {
        CtcOptions options = batch.options().withInput(InputKind.SCORES).withGradientKind(kind);
        FrameTensor logits = batch.fill(batch.timeMajor().zerosLike(type));
        CtcResult expected = compute(Ctc.create(Backend.REFERENCE), batch, logits, options);
        CtcResult got = compute(engine(), batch, logits, options);
        for (int n = 0; n < batch.utterances(); n++) {
          String what = "%s, %s, utterance %d".formatted(kind, type, n);
          assertEquals(expected.status(n), got.status(n), what);
          if (got.status(n) == CtcStatus.INFEASIBLE) {
            continue;
          }
          assertEquals(
              expected.loss(n), got.loss(n), 1e-6 * Math.abs(expected.loss(n)) + 1e-6, what);
          assertClose(score < MOST_OF_REFERENCE, expected.gradient(), got.gradient(), n, what);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {80, 708, 720, 10000})
  @DisplayName("So it is where the target has all but a little of the sum")
  void nearlyCertain(double score) {
    TestBatch batch = batch(score, 2, (long) score);
    int[][] targets = new int[batch.utterances()][];
    for (int n = 0; n < targets.length; n++) {
      targets[n] = TestBatch.randomTarget(new Random(n), 6, 9, batch.blank());
      for (int t = 0; t < batch.inputLengths()[n]; t++) {
        int label = t % 2 == 1 && t / 2 < 6 ? targets[n][t / 2] : batch.blank();
        batch.logits()[n][t][label] = (t == 5 ? 0 : score) + 40;
      }
    }
    compare(
        score,
        new TestBatch(
            batch.logits(), targets, batch.inputLengths(), batch.classes(), batch.blank()));
  }

  private static CtcResult compute(
      Ctc engine, TestBatch batch, FrameTensor logits, CtcOptions options) {
    try (engine) {
      return engine.lossAndGradient(batch.batch(logits), options);
    }
  }

  private static void assertClose(
      boolean known, FrameTensor expected, FrameTensor got, int n, String what) {
    boolean single = got.elements().type() == ElementType.FLOAT32;
    for (int t = 0; t < got.frames(); t++) {
      for (int c = 0; c < got.classes(); c++) {
        double e = expected.get(t, n, c);
        double g = got.get(t, n, c);
        String here = "%s, frame %d, class %d: %s, got %s".formatted(what, t, c, e, g);
        double exact = single && Math.abs(e) > Float.MAX_VALUE ? Math.signum(e) / 0.0 : e;
        assertTrue(
            exact == g
                || !known && !Double.isNaN(g)
                || Math.abs(exact - g) <= 1e-5 * Math.max(1, Math.abs(exact)),
            here);
      }
    }
  }
}
