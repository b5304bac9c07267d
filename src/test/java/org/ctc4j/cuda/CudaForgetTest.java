package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.ctc4j.Agreement;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CudaAligner;
import org.ctc4j.CudaCtc;
import org.ctc4j.EngineOptions;
import org.ctc4j.TestBatch;
import org.ctc4j.cuda.driver.PrimaryContext;
import org.ctc4j.cuda.driver.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Workspaces that are given back before the engine is closed. */
@Emulated
class CudaForgetTest {
  // not Seed: what is kept and forgotten depends on the sizes drawn
  private final TestBatch batch = TestBatch.random(new Random(1), 20, 3, 9, 5, 2);

  @AfterEach
  void nothingIsLeft() {
    assertEquals("", Emulator.leaks());
  }

  @Test
  @DisplayName(
      "forget waits for the stream and gives its workspace back; a later call makes another")
  void forget() {
    double expected;
    try (Ctc ctc = Ctc.create(Backend.CUDA)) {
      expected = ctc.loss(batch.batch(), batch.options()).loss(0);
    }
    try (CudaCtc ctc = CudaCtc.create(0, EngineOptions.DEFAULT);
        PrimaryContext context = new PrimaryContext(0)) {
      context.whileCurrent(
          () -> {
            try (Stream stream = new Stream();
                DeviceTestBatch device = new DeviceTestBatch(batch)) {
              long handle = StreamAddress.of(stream.handle());
              long before = Emulator.gauge("deviceBytes");
              for (int i = 0; i < 2; i++) {
                ctc.enqueue(device.batch, batch.options(), device.result, handle);
                assertTrue(Emulator.gauge("deviceBytes") > before);
                long waits = Emulator.calls("cuStreamSynchronize");
                ctc.forget(handle);
                assertEquals(waits + 1, Emulator.calls("cuStreamSynchronize"));
                assertEquals(before, Emulator.gauge("deviceBytes"));
                Agreement.assertLoss(expected, device.losses()[0], 1e-6, () -> "after forget");
              }
              long waits = Emulator.calls("cuStreamSynchronize");
              ctc.forget(handle); // there is nothing left to forget
              assertEquals(waits, Emulator.calls("cuStreamSynchronize"));
            }
          });
    }
  }

  @Test
  @DisplayName("So does an aligner's")
  void aligner() {
    try (CudaAligner aligner = CudaAligner.create(0, EngineOptions.DEFAULT);
        PrimaryContext context = new PrimaryContext(0)) {
      context.whileCurrent(
          () -> {
            try (DeviceTestBatch device = new DeviceTestBatch(batch)) {
              long before = Emulator.gauge("deviceBytes");
              aligner.prepare(device.batch, 0);
              assertTrue(Emulator.gauge("deviceBytes") > before);
              aligner.forget(0);
              assertEquals(before, Emulator.gauge("deviceBytes"));
            }
          });
    }
  }
}
