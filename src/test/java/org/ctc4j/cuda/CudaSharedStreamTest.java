package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.ctc4j.CudaCtc;
import org.ctc4j.ElementType;
import org.ctc4j.EngineOptions;
import org.ctc4j.Seed;
import org.ctc4j.TestBatch;
import org.ctc4j.cuda.driver.PrimaryContext;
import org.ctc4j.cuda.driver.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * Calls of every kind, from two threads at once, on one stream and so in one workspace of the
 * engine's: each must be on the stream as a whole before the next begins.
 */
@OnDevice
class CudaSharedStreamTest {
  private static final int ROUNDS = 30;

  private final long seed = Seed.of(getClass());
  private final Random random = new Random(seed);

  @AfterEach
  void nothingIsFound() {
    TestDriver.assertNoFindings();
    TestDriver.assertNothingLeft();
  }

  @Test
  @DisplayName("Hidden states on one thread, logits on another: results as if they took turns")
  void projectionAndLogits() {
    ProjectionCase projected = ProjectionCase.random(random, ElementType.FLOAT32, 20, 3, 45, 6, 6);
    TestBatch logits = TestBatch.random(random, 40, 3, 9, 12, 2);
    try (CudaCtc ctc = CudaCtc.create(0, EngineOptions.DEFAULT);
        PrimaryContext context = new PrimaryContext(0)) {
      context.whileCurrent(
          () -> {
            try (Stream stream = new Stream();
                DeviceProjectionCase first = new DeviceProjectionCase(projected, false);
                DeviceTestBatch second = new DeviceTestBatch(logits)) {
              long handle = StreamAddress.of(stream.handle());
              Runnable enqueueFirst =
                  () -> ctc.enqueue(first.batch, first.options(), first.result, handle);
              Runnable enqueueSecond =
                  () -> ctc.enqueue(second.batch, logits.options(), second.result, handle);
              enqueueFirst.run();
              double[] losses = first.losses();
              float[] hidden = hiddenGradient(first);
              enqueueSecond.run();
              float[] gradient = second.gradient();

              for (int round = 0; round < ROUNDS; round++) {
                CompletableFuture<Void> other =
                    CompletableFuture.runAsync(() -> repeat(3, enqueueSecond));
                enqueueFirst.run();
                other.join();
                stream.await(() -> "calls of two threads");
                String what = "round " + round + ", seed " + seed;
                assertArrayEquals(losses, first.losses(), what);
                assertArrayEquals(hidden, hiddenGradient(first), what);
                assertArrayEquals(gradient, second.gradient(), what);
              }
            }
          });
    }
  }

  private static void repeat(int times, Runnable work) {
    for (int i = 0; i < times; i++) {
      work.run();
    }
  }

  private static float[] hiddenGradient(DeviceProjectionCase device) {
    return DeviceArrays.floats(
        device.result.losses().gradient().address(),
        device.host.frames() * device.host.utterances() * device.host.dimensions());
  }
}
