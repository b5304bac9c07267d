package org.ctc4j.cpu;

import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Random;
import org.ctc4j.Collected;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcStatus;
import org.ctc4j.EngineOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.TestBatch;
import org.ctc4j.engine.LossCall;
import org.ctc4j.engine.LossPlaces;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a call that failed leaves behind. */
class RetentionTest {
  @ParameterizedTest
  @ValueSource(ints = {3, 8}) // through the stages together, and each by one thread
  @DisplayName("After a call that failed nothing of the caller's is held")
  void afterAFailure(int utterances) {
    Collected collected = new Collected();
    try (CpuBackend backend = new CpuBackend(EngineOptions.DEFAULT.withThreads(4))) {
      // not Seed: any numbers will do, memory is what is tested
      TestBatch of = TestBatch.random(new Random(1), 240, utterances, 300, 8, 2).withAllFrames();
      fail(backend, of, collected);
      collected.assertAll(() -> utterances + " utterances");
    }
  }

  private static void fail(CpuBackend backend, TestBatch of, Collected collected) {
    FrameTensor logits = collected.watch("logits", of.timeMajor());
    FrameTensor gradient = collected.watch("gradient", of.timeMajor());
    CtcBatch batch = collected.watch("batch", of.batch(logits));
    double[] losses = collected.watch("losses", new double[of.utterances() - 1]); // one too few
    CtcStatus[] statuses = new CtcStatus[of.utterances()];
    LossPlaces places = new LossPlaces(losses, statuses, gradient, null, null);
    LossCall call = new LossCall(batch, of.options(), new double[of.utterances()], places);
    assertThrows(ArrayIndexOutOfBoundsException.class, () -> backend.computeLosses(call));
  }
}
