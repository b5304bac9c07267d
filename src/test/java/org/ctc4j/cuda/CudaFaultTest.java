package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import jcuda.driver.JCudaDriver;
import org.ctc4j.Agreement;
import org.ctc4j.Backend;
import org.ctc4j.BackendUnavailableException;
import org.ctc4j.Collected;
import org.ctc4j.Ctc;
import org.ctc4j.CtcAligner;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcPath;
import org.ctc4j.CtcResult;
import org.ctc4j.CtcStatus;
import org.ctc4j.CudaCtc;
import org.ctc4j.DeviceException;
import org.ctc4j.EngineOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.Targets;
import org.ctc4j.TestBatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What goes wrong in the driver: a clear exception, nothing leaked, and the engine goes on. */
@Emulated
class CudaFaultTest {
  private static final int OUT_OF_MEMORY = 2;
  private static final int LAUNCH_OUT_OF_RESOURCES = 701;
  private static final int ILLEGAL_ADDRESS = 700;
  private static final int LAUNCH_FAILED = 719;

  // not Seed: which call fails, and what fits, depends on the sizes drawn
  private final Random random = new Random(7);
  private final TestBatch batch = TestBatch.random(random, 30, 4, 9, 10, 2);

  @AfterEach
  void nothingIsLeft() {
    Emulator.clearFaults();
    assertEquals("", Emulator.leaks());
  }

  private static Ctc cuda() {
    return Ctc.create(Backend.CUDA);
  }

  private CtcResult compute(Ctc ctc) {
    return ctc.lossAndGradient(batch.batch(), batch.options());
  }

  private CtcResult expected() {
    try (Ctc ctc = cuda()) {
      return compute(ctc);
    }
  }

  /** How often each entry point is called from the creation of an engine to before its close. */
  private Map<String, Integer> callsOfOneRun() {
    Map<String, Integer> calls = new LinkedHashMap<>();
    Emulator.resetCounts();
    try (Ctc ctc = cuda()) {
      compute(ctc);
      for (String line : Emulator.callList().split("\n")) {
        String[] parts = line.split(" ");
        calls.put(parts[0], Integer.parseInt(parts[1]));
      }
    }
    // Without the context that is left, later calls of this thread go on in the wrong one; nobody
    // can do anything about it, as about memory that the driver does not take back.
    calls.remove("cuCtxPopCurrent_v2");
    calls.keySet().removeIf(call -> call.contains("Free") || call.contains("Destroy"));
    return calls;
  }

  @Test
  @DisplayName("Whichever driver call fails: its name and CUDA's text, no leak, the engine goes on")
  void everyCallInTurn() {
    CtcResult expected = expected();
    Map<String, Integer> calls = callsOfOneRun();
    assertTrue(calls.containsKey("cuMemAlloc_v2") && calls.containsKey("cuLaunchKernel"));
    int failures = 0;
    for (Map.Entry<String, Integer> call : calls.entrySet()) {
      for (int n = 1; n <= call.getValue(); n++) {
        Emulator.reset();
        String what = call.getKey() + " number " + n;
        Emulator.fail(call.getKey(), n, LAUNCH_OUT_OF_RESOURCES, false);
        failures += survives(expected, call.getKey(), what) ? 1 : 0;
      }
    }
    assertTrue(failures > 30, failures + " failures");
  }

  /** Whether an exception told of the failure. */
  private boolean survives(CtcResult expected, String call, String what) {
    boolean told = false;
    Ctc ctc = null;
    try {
      ctc = cuda();
      compute(ctc);
    } catch (BackendUnavailableException | DeviceException e) {
      told = true;
      String name = call.replaceAll("_v\\d$", "");
      assertTrue(e.getMessage().contains(name + ": CUDA_ERROR_LAUNCH_OUT"), what + ": " + e);
    }
    if (ctc != null) {
      CtcResult again = compute(ctc);
      Agreement.assertSameBits(expected, again, () -> what + ", the call after");
      ctc.close();
    }
    assertEquals("", Emulator.leaks(), what);
    return told;
  }

  @Test
  @DisplayName("Out of memory at every allocation in turn: computed in smaller parts, or told")
  void outOfMemory() {
    CtcResult expected = expected();
    Map<String, Integer> calls = callsOfOneRun();
    for (String allocation : new String[] {"cuMemAlloc_v2", "cuMemHostAlloc"}) {
      for (int n = 1; n <= calls.get(allocation) + 2; n++) {
        Emulator.reset();
        Emulator.fail(allocation, n, OUT_OF_MEMORY, false);
        String what = allocation + " number " + n;
        Ctc ctc = null;
        try {
          ctc = cuda();
          Agreement.assertSameBits(expected, compute(ctc), () -> what);
        } catch (BackendUnavailableException | DeviceException e) {
          assertTrue(e.getMessage().contains("CUDA_ERROR_OUT_OF_MEMORY (2), out of memory"), what);
        }
        if (ctc != null) {
          Agreement.assertSameBits(expected, compute(ctc), () -> what + ", the call after");
          ctc.close();
        }
        assertEquals("", Emulator.leaks(), what);
      }
    }
  }

  @Test
  @DisplayName(
      "A batch larger than the device is split by utterance; one utterance too many is told")
  void splitByUtterance() {
    TestBatch large = TestBatch.random(random, 50, 40, 200, 10, 2);
    CtcResult expected;
    try (Ctc ctc = cuda()) {
      expected = ctc.lossAndGradient(large.batch(), large.options());
    }
    Emulator.reset();
    Emulator.set("memoryBytes", 600_000); // logits and gradient take 3,200,000
    try (Ctc ctc = cuda()) {
      CtcResult got = ctc.lossAndGradient(large.batch(), large.options());
      Agreement.assertSameBits(expected, got, () -> "split");
      assertTrue(Emulator.gauge("peakDeviceBytes") <= 600_000);
      assertTrue(Emulator.launches("ctc_prepare") > 5);
      Emulator.set("memoryBytes", 50_000);
    }
    try (Ctc ctc = cuda()) {
      DeviceException e =
          assertThrows(
              DeviceException.class, () -> ctc.lossAndGradient(large.batch(), large.options()));
      assertTrue(e.isOutOfMemory());
      assertTrue(e.getMessage().contains("(T, N, C) = ("), e::getMessage);
      Emulator.set("memoryBytes", 1 << 30);
      Agreement.assertSameBits(
          expected, ctc.lossAndGradient(large.batch(), large.options()), () -> "after");
    }
  }

  @Test
  @DisplayName("Targets that do not fit take no memory, and split no batch")
  void unfit() {
    int[] unfit = new int[1_000_000];
    Arrays.fill(unfit, 1);
    FrameTensor logits = FrameTensor.timeMajor(new float[20 * 4 * 5], 20, 4, 5);
    CtcBatch batch =
        CtcBatch.of(logits, Targets.of(new int[] {1, 2}, unfit, new int[] {3, 3}, unfit));
    Emulator.set("memoryBytes", 100_000);
    try (Ctc ctc = cuda();
        CtcAligner aligner = CtcAligner.create(Backend.CUDA)) {
      CtcResult result = ctc.lossAndGradient(batch, CtcOptions.DEFAULT);
      assertEquals(1, Emulator.launches("ctc_prepare"));
      List<CtcPath> paths = aligner.align(batch, CtcOptions.DEFAULT);
      for (int n = 0; n < 4; n++) {
        CtcStatus expected = n % 2 == 0 ? CtcStatus.OK : CtcStatus.INFEASIBLE;
        assertEquals(expected, result.status(n), "utterance " + n);
        assertEquals(expected, paths.get(n).status(), "path " + n);
        assertEquals(n % 2 == 1, result.loss(n) == Double.POSITIVE_INFINITY, "utterance " + n);
        assertEquals(n % 2 == 1, result.gradient().get(3, n, 0) == 0, "utterance " + n);
      }
    }
  }

  @Test
  @DisplayName("Logits larger than the pinned memory go up and down in pieces")
  void pieces() {
    int classes = 70_000;
    int frames = 90; // 25 MB
    FrameTensor logits = FrameTensor.timeMajor(new float[frames * classes], frames, 1, classes);
    for (int t = 0; t < frames; t++) {
      for (int c = 0; c < classes; c++) {
        logits.set(t, 0, c, random.nextFloat());
      }
    }
    TestBatch labels =
        new TestBatch(
            new double[1][frames][],
            new int[][] {{5, 69_999, 69_999, 1}},
            new int[] {85},
            classes,
            0);
    CtcBatch one = labels.batch(logits);
    Emulator.set("checking", 0);
    try (Ctc ctc = cuda();
        Ctc reference = Ctc.create(Backend.REFERENCE)) {
      CtcResult got = ctc.lossAndGradient(one, labels.options());
      assertEquals(
          4, Emulator.calls("cuMemcpyHtoDAsync_v2") + Emulator.calls("cuMemcpyDtoHAsync_v2") - 2);
      CtcResult expected = reference.lossAndGradient(one, labels.options());
      Agreement.assertLoss(expected.loss(), got.loss(), 1e-6, () -> "pieces");
      Agreement.assertGradient(expected.gradient()::get, got.gradient(), 1e-5, () -> "pieces");
    }
  }

  @Test
  @DisplayName("After a call that failed nothing of the caller's is held")
  void holdsNothingAfterAFailure() {
    for (String call :
        new String[] {
          "cuMemAlloc_v2", "cuMemcpyHtoDAsync_v2", "cuLaunchKernel", "cuStreamSynchronize"
        }) {
      Collected collected = new Collected();
      try (Ctc ctc = cuda()) {
        computeWatched(ctc, call, collected);
        collected.assertAll(() -> call);
      }
    }
  }

  private void computeWatched(Ctc ctc, String call, Collected collected) {
    FrameTensor logits = collected.watch("logits", batch.timeMajor());
    CtcBatch watched = collected.watch("batch", batch.batch(logits));
    CtcResult result = collected.watch("result", CtcResult.ofGradient(batch.timeMajor()));
    Emulator.fail(call, 1, LAUNCH_OUT_OF_RESOURCES, false);
    assertThrows(DeviceException.class, () -> ctc.compute(watched, batch.options(), result));
  }

  @Test
  @DisplayName("The wait after a failure fails, too: the engine gives up, as old kernels may run")
  void cannotSettle() {
    for (String call : new String[] {"cuMemcpyDtoHAsync_v2", "cuStreamSynchronize"}) {
      try (Ctc ctc = cuda()) {
        Emulator.fail(call, 1, LAUNCH_OUT_OF_RESOURCES, false);
        Emulator.fail("cuStreamSynchronize", 1, LAUNCH_OUT_OF_RESOURCES, false);
        DeviceException first = assertThrows(DeviceException.class, () -> compute(ctc));
        assertTrue(first.isDeviceLost(), first::getMessage);
        assertEquals(LAUNCH_OUT_OF_RESOURCES, first.code());
        assertTrue(
            first.getMessage().contains("work of a call may be running still that had failed with"),
            first::getMessage);
        long launches = Emulator.launches("");
        DeviceException later = assertThrows(DeviceException.class, () -> compute(ctc));
        assertTrue(later.getMessage().startsWith("this engine lost its device"), later::getMessage);
        assertEquals(launches, Emulator.launches(""));
      }
      assertEquals("", Emulator.leaks(), call);
    }
  }

  @Test
  @DisplayName("A kernel that fails while it runs: the device is lost, which every later call says")
  void deviceLost() {
    for (int code : new int[] {ILLEGAL_ADDRESS, LAUNCH_FAILED}) {
      Emulator.reset();
      try (Ctc ctc = cuda()) {
        compute(ctc);
        Emulator.fail("kernel", 2, code, false);
        DeviceException first = assertThrows(DeviceException.class, () -> compute(ctc));
        assertTrue(first.isDeviceLost());
        assertTrue(
            first.getMessage().startsWith("cuStreamSynchronize: CUDA_ERROR_"), first::getMessage);
        assertTrue(first.getMessage().contains("(T, N, C) = (30, 4, 9)"), first::getMessage);
        DeviceException later = assertThrows(DeviceException.class, () -> compute(ctc));
        assertTrue(later.isDeviceLost());
        assertTrue(later.getMessage().startsWith("this engine lost its device"), later::getMessage);
        assertThrows(BackendUnavailableException.class, CudaFaultTest::cuda);
        try (Ctc other = Ctc.create()) {
          assertNotEquals(Backend.CUDA, other.backend());
        }
      }
      Emulator.reset(); // a new process
      try (Ctc ctc = cuda()) {
        compute(ctc);
      }
    }
  }

  @Test
  @DisplayName("No device, driver too old, device too old, PTX refused: each told in its own words")
  void unavailable() {
    Emulator.set("devices", 0);
    assertUnavailable("the NVIDIA driver shows no device to this process");
    Emulator.reset();
    Emulator.set("initResult", 999);
    assertUnavailable("cuInit: CUDA_ERROR_UNKNOWN (999), unknown error");
    Emulator.reset();
    Emulator.set("driverVersion", 10020);
    assertUnavailable(
        "the NVIDIA driver is too old: it supports CUDA 10.2, expected 11.0 or newer");
    Emulator.reset();
    Emulator.set("architecture", 61);
    assertUnavailable("Emulated GPU 0: too old: there are kernels for sm_75 and newer");
  }

  private static void assertUnavailable(String reason) {
    BackendUnavailableException forced =
        assertThrows(BackendUnavailableException.class, CudaFaultTest::cuda);
    assertTrue(forced.getMessage().contains(reason), forced::getMessage);
    assertFalse(Ctc.backends().get(0).usable());
    assertTrue(Ctc.backends().get(0).reason().contains(reason));
    try (Ctc other = Ctc.create()) {
      assertNotEquals(Backend.CUDA, other.backend());
    }
  }

  @Test
  @DisplayName("A backend that fails to start: forced, it throws; automatic, the next is taken")
  void failsToStart() {
    Emulator.fail("cuModuleLoadDataEx", 1, 222, false);
    BackendUnavailableException e =
        assertThrows(BackendUnavailableException.class, CudaFaultTest::cuda);
    assertTrue(
        e.getMessage()
            .contains(
                "Emulated GPU 0: cuModuleLoadDataEx: CUDA_ERROR_UNSUPPORTED_PTX_VERSION (222)"),
        e::getMessage);
    assertInstanceOf(DeviceException.class, e.getCause());
    Emulator.fail("cuModuleLoadDataEx", 1, 222, false);
    Logged logged = new Logged();
    try (logged;
        Ctc ctc = Ctc.create()) {
      assertNotEquals(Backend.CUDA, ctc.backend());
    }
    assertTrue(logged.text().contains("CUDA_ERROR_UNSUPPORTED_PTX_VERSION"), logged::text);
    try (Ctc ctc = Ctc.create()) {
      assertEquals(Backend.CUDA, ctc.backend());
    }
  }

  @Test
  @DisplayName("A host application that enabled JCuda's exceptions gets ours all the same")
  void jcudaExceptions() {
    JCudaDriver.setExceptionsEnabled(true);
    try (Ctc ctc = cuda()) {
      Emulator.fail("cuMemcpyHtoDAsync_v2", 1, LAUNCH_OUT_OF_RESOURCES, false);
      DeviceException e = assertThrows(DeviceException.class, () -> compute(ctc));
      assertEquals(LAUNCH_OUT_OF_RESOURCES, e.code());
      compute(ctc);
    } finally {
      JCudaDriver.setExceptionsEnabled(false);
    }
  }

  @Test
  @DisplayName("Several devices, several engines on each, from many threads; each gives all back")
  void severalEngines() throws Exception {
    Emulator.set("devices", 2);
    CtcResult expected = expected();
    assertEquals(2, CudaCtc.devices().size());
    Thread[] threads = new Thread[6];
    Throwable[] failures = new Throwable[threads.length];
    for (int i = 0; i < threads.length; i++) {
      int id = i;
      threads[i] =
          new Thread(
              () -> {
                try (CudaCtc ctc = CudaCtc.create(id % 2, EngineOptions.DEFAULT)) {
                  assertTrue(ctc.device().startsWith("Emulated GPU " + id % 2));
                  for (int k = 0; k < 5; k++) {
                    Agreement.assertSameBits(expected, compute(ctc), () -> "engine " + id);
                  }
                } catch (RuntimeException | AssertionError e) {
                  failures[id] = e;
                }
              });
      threads[i].start();
    }
    for (int i = 0; i < threads.length; i++) {
      threads[i].join();
      if (failures[i] != null) {
        throw new AssertionError("engine " + i, failures[i]);
      }
    }
    BackendUnavailableException none =
        assertThrows(
            BackendUnavailableException.class, () -> CudaCtc.create(2, EngineOptions.DEFAULT));
    assertTrue(none.getMessage().contains("there is no device 2, only 2"), none::getMessage);
  }
}
