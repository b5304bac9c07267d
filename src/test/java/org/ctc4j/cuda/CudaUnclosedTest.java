package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.ctc4j.Backend;
import org.ctc4j.Collected;
import org.ctc4j.Ctc;
import org.ctc4j.CtcAligner;
import org.ctc4j.CudaCtc;
import org.ctc4j.ElementType;
import org.ctc4j.EngineOptions;
import org.ctc4j.TestBatch;
import org.ctc4j.cuda.driver.PrimaryContext;
import org.ctc4j.cuda.driver.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Engines and aligners that are dropped and not closed. */
@Emulated
class CudaUnclosedTest {
  // not Seed: any numbers will do, memory is what is tested
  private final TestBatch batch = TestBatch.random(new Random(1), 20, 3, 9, 5, 2);

  private void assertGivenBack(Collected collected) {
    Collected.await(() -> Emulator.leaks().isEmpty());
    assertEquals("", Emulator.leaks());
    assertEquals("", Emulator.finding());
    collected.assertAll(() -> "what is left");
  }

  @Test
  @DisplayName("Device memory, pinned memory, streams, modules, contexts: all are given back")
  void givenBack() {
    Collected collected = new Collected();
    for (int i = 0; i < 3; i++) {
      compute(collected.watch("engine", Ctc.create(Backend.CUDA)));
      align(collected.watch("aligner", CtcAligner.create(Backend.CUDA)));
    }
    assertGivenBack(collected);
  }

  private void compute(Ctc ctc) {
    ctc.lossAndGradient(batch.batch(), batch.options());
    ProjectionCase projected =
        ProjectionCase.random(new Random(5), ElementType.FLOAT32, 9, 2, 21, 5, 3);
    ctc.compute(projected.batch(), projected.options(), projected.room());
  }

  private void align(CtcAligner aligner) {
    aligner.align(batch.batch(), batch.options());
  }

  @Test
  @DisplayName("What is still enqueued runs first, in memory that is still there")
  void enqueued() {
    Collected collected = new Collected();
    try (PrimaryContext context = new PrimaryContext(0)) {
      context.whileCurrent(
          () -> {
            try (Stream stream = new Stream();
                DeviceTestBatch device = new DeviceTestBatch(batch)) {
              double[] expected;
              try (Ctc ctc = Ctc.create(Backend.CUDA)) {
                expected = ctc.loss(batch.batch(), batch.options()).losses();
              }
              long before = Emulator.gauge("hostBytes");
              enqueue(collected, device, StreamAddress.of(stream.handle()));
              long waits = Emulator.calls("cuCtxSynchronize");
              Collected.await(() -> Emulator.gauge("hostBytes") == before);
              assertTrue(Emulator.calls("cuCtxSynchronize") > waits, "freed without a wait");
              stream.await(() -> "the losses");
              assertEquals(expected[0], device.losses()[0]);
            }
          });
    }
    assertGivenBack(collected);
  }

  private void enqueue(Collected collected, DeviceTestBatch device, long stream) {
    CudaCtc ctc = collected.watch("engine", CudaCtc.create(0, EngineOptions.DEFAULT));
    ctc.enqueue(device.batch, batch.options(), device.result, stream);
  }
}
