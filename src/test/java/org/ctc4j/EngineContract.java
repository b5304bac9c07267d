package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How long an engine lives, who may call it, and what it keeps. */
public abstract class EngineContract extends CtcContract {
  protected EngineContract(TestedBackend backend) {
    super(backend);
  }

  @Test
  @DisplayName("One engine serves many threads at once")
  void concurrentCalls() throws Exception {
    TestBatch batch = TestBatch.random(random, 60, 4, 12, 15, 2);
    CtcResult expected = ctc.lossAndGradient(batch.batch(), batch.options());
    ExecutorService pool = Executors.newFixedThreadPool(6);
    try {
      Future<?>[] calls = new Future<?>[24];
      for (int i = 0; i < calls.length; i++) {
        calls[i] =
            pool.submit(
                () -> {
                  CtcResult got = ctc.lossAndGradient(batch.batch(), batch.options());
                  Agreement.assertSameBits(expected, got, () -> where("concurrent"));
                });
      }
      for (Future<?> call : calls) {
        call.get();
      }
    } finally {
      pool.shutdown();
    }
  }

  @Test
  @DisplayName("A result that is used again holds nothing of the call before")
  void reusedResult() {
    TestBatch batch = TestBatch.random(random, 20, 2, 5, 4, 2);
    FrameTensor gradient = FrameTensor.timeMajor(new float[20 * 2 * 5], 20, 2, 5);
    CtcResult result = CtcResult.ofGradient(gradient);
    TestBatch infeasible =
        new TestBatch(
            batch.logits(),
            new int[][] {
              TestBatch.randomTarget(random, 40, 5, batch.blank()),
              TestBatch.randomTarget(random, 40, 5, batch.blank())
            },
            batch.inputLengths(),
            5,
            batch.blank());
    ctc.compute(infeasible.batch(), batch.options(), result);
    assertEquals(CtcStatus.INFEASIBLE, result.status(0));
    ctc.compute(batch.batch(), batch.options(), result);
    CtcResult fresh = CtcResult.ofGradient(FrameTensor.timeMajor(new float[20 * 2 * 5], 20, 2, 5));
    ctc.compute(batch.batch(), batch.options(), fresh);
    Agreement.assertSameBits(fresh, result, () -> where("reused"));
    assertNull(ctc.loss(batch.batch(), batch.options()).gradient());
  }

  @ParameterizedTest
  @CsvSource({"40, 1, 20", "240, 3, 300", "80, 9, 300"}) // alone, by steps, in groups
  @DisplayName("After a call nothing of the caller's is held")
  void holdsNothing(int frames, int utterances, int classes) {
    Collected collected = new Collected();
    try (Ctc engine = backend.engine(EngineOptions.DEFAULT.withThreads(4))) {
      computeWatched(
          engine,
          TestBatch.random(random, frames, utterances, classes, 8, 2).withAllFrames(),
          collected);
      collected.assertAll(() -> where("after a call"));
    }
  }

  private static void computeWatched(Ctc engine, TestBatch of, Collected collected) {
    int frames = of.frames();
    int utterances = of.utterances();
    float[] logits = collected.watch("logits", new float[frames * utterances * of.classes()]);
    float[] gradient = collected.watch("gradient", new float[logits.length]);
    float[] posteriors = collected.watch("posteriors", new float[logits.length]);
    double[] weights = collected.watch("weights", new double[utterances]);
    Arrays.fill(weights, 0.5);
    FrameTensor tensor = FrameTensor.timeMajor(logits, frames, utterances, of.classes());
    CtcBatch batch = collected.watch("batch", of.batch(of.fill(tensor)).withWeights(weights));
    collected.watch("targets", batch.targets());
    int states = 2 * batch.targets().maxLength() + 1;
    float[] ofStates = collected.watch("states", new float[frames * utterances * states]);
    CtcResult result =
        CtcResult.ofGradient(FrameTensor.timeMajor(gradient, frames, utterances, of.classes()))
            .withPosteriors(FrameTensor.timeMajor(posteriors, frames, utterances, of.classes()))
            .withStatePosteriors(FrameTensor.timeMajor(ofStates, frames, utterances, states));
    collected.watch("result", result);
    collected.watch("losses", result.losses);
    collected.watch("statuses", result.statuses);
    engine.compute(batch, of.options(), result);
  }

  @Test
  @DisplayName("After close: IllegalStateException; closing twice is harmless")
  void closed() {
    TestBatch batch = TestBatch.random(random, 3, 1, 3, 1, 1);
    Ctc other = backend.engine(EngineOptions.DEFAULT);
    assertNotNull(other.loss(batch.batch(), batch.options()));
    other.close();
    other.close();
    assertThrows(IllegalStateException.class, () -> other.loss(batch.batch(), batch.options()));
  }
}
