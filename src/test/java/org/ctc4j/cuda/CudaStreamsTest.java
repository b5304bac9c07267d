package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.ctc4j.CudaCtc;
import org.ctc4j.EngineOptions;
import org.ctc4j.TestBatch;
import org.ctc4j.cuda.driver.PrimaryContext;
import org.ctc4j.cuda.driver.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Which calls on streams of the caller's share a workspace of the engine's. */
@Emulated
class CudaStreamsTest {
  private static final long PER_THREAD = 2; // CU_STREAM_PER_THREAD

  // not Seed: what is allocated depends on the sizes drawn
  private final TestBatch batch = TestBatch.random(new Random(1), 20, 3, 9, 5, 2);

  @AfterEach
  void nothingIsLeft() {
    assertEquals("", Emulator.leaks());
  }

  /** What a test does with an engine and a batch on the device, in its context. */
  private interface Work {
    void run(CudaCtc ctc, DeviceTestBatch device);
  }

  private void withEngine(Work work) {
    try (CudaCtc ctc = CudaCtc.create(0, EngineOptions.DEFAULT);
        PrimaryContext context = new PrimaryContext(0)) {
      context.whileCurrent(
          () -> {
            try (DeviceTestBatch device = new DeviceTestBatch(batch)) {
              work.run(ctc, device);
            }
          });
    }
  }

  /** How many workspaces some work makes. */
  private static long made(Runnable work) {
    long before = Emulator.calls("cuMemAlloc_v2");
    work.run();
    return Emulator.calls("cuMemAlloc_v2") - before;
  }

  private void enqueue(CudaCtc ctc, DeviceTestBatch device, long stream) {
    ctc.enqueue(device.batch, batch.options(), device.result, stream);
  }

  @Test
  @DisplayName("The default stream of each thread has a workspace for each thread")
  void perThread() {
    for (int version : new int[] {12000, 11040}) {
      Emulator.reset();
      Emulator.set("driverVersion", version);
      withEngine(
          (ctc, device) -> {
            Runnable twice =
                () -> {
                  enqueue(ctc, device, PER_THREAD);
                  enqueue(ctc, device, PER_THREAD);
                };
            assertEquals(1, made(twice));
            assertEquals(1, made(() -> onAnotherThread(twice)));
            assertEquals(0, made(twice));
          });
      assertEquals(version >= 12000, Emulator.calls("cuStreamGetId") > 0);
    }
  }

  private static void onAnotherThread(Runnable work) {
    Thread thread = new Thread(work);
    thread.start();
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  @DisplayName("The default stream of all threads has one workspace, whichever way it is named")
  void legacy() {
    for (int version : new int[] {12000, 11040}) {
      Emulator.set("driverVersion", version);
      withEngine(
          (ctc, device) -> {
            assertEquals(1, made(() -> enqueue(ctc, device, 0)));
            assertEquals(0, made(() -> enqueue(ctc, device, 1)));
          });
    }
  }

  @Test
  @DisplayName("A handle that means another stream now has another workspace")
  void reusedHandle() {
    withEngine(
        (ctc, device) -> {
          List<Stream> others = new ArrayList<>();
          long handle;
          try (Stream first = new Stream()) {
            handle = StreamAddress.of(first.handle());
            assertEquals(1, made(() -> enqueue(ctc, device, handle)));
          }
          boolean again = false;
          for (int i = 0; i < 100 && !again; i++) {
            others.add(new Stream());
            again = StreamAddress.of(others.get(i).handle()) == handle;
          }
          boolean reused = again;
          long made = made(() -> enqueue(ctc, device, reused ? handle : 0));
          others.forEach(Stream::close);
          assumeTrue(reused, "no stream got the handle of the one that was destroyed");
          assertEquals(1, made);
        });
  }
}
