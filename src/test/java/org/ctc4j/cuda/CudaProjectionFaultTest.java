package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import jcuda.jcublas.JCublas2;
import org.ctc4j.Backend;
import org.ctc4j.BackendUnavailableException;
import org.ctc4j.Ctc;
import org.ctc4j.DeviceException;
import org.ctc4j.ElementType;
import org.ctc4j.EngineOptions;
import org.ctc4j.ProjectedResult;
import org.ctc4j.TestBatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What goes wrong beneath projected batches: told, nothing leaked, and the engine goes on. */
@Emulated
class CudaProjectionFaultTest {
  private static final int OUT_OF_MEMORY = 2;
  private static final int LAUNCH_OUT_OF_RESOURCES = 701;
  private static final int EXECUTION_FAILED = 13;

  // not Seed, as below: which call fails depends on the sizes drawn
  private final ProjectionCase one =
      ProjectionCase.random(new Random(5), ElementType.FLOAT16, 9, 2, 21, 5, 3);

  @AfterEach
  void nothingIsLeft() {
    Emulator.clearFaults();
    assertEquals("", Emulator.leaks());
  }

  private ProjectedResult compute(Ctc ctc) {
    ProjectedResult result = one.room();
    ctc.compute(one.batch(), one.options(), result);
    return result;
  }

  private ProjectedResult expected() {
    try (Ctc ctc = Ctc.create(Backend.CUDA)) {
      return compute(ctc);
    }
  }

  /** How often each entry point is called from the creation of an engine to before its close. */
  private Map<String, Integer> callsOfOneRun() {
    Map<String, Integer> calls = new LinkedHashMap<>();
    Emulator.resetCounts();
    try (Ctc ctc = Ctc.create(Backend.CUDA)) {
      compute(ctc);
      for (String line : Emulator.callList().split("\n")) {
        String[] parts = line.split(" ");
        calls.put(parts[0], Integer.parseInt(parts[1]));
      }
    }
    calls.remove("cuCtxPopCurrent_v2"); // see CudaFaultTest
    calls.keySet().removeIf(call -> call.contains("Free") || call.contains("Destroy"));
    return calls;
  }

  @Test
  @DisplayName("Whichever call of driver or cuBLAS fails: its name and why; the engine goes on")
  void everyCallInTurn() {
    Emulator.set("checking", 0);
    ProjectedResult expected = expected();
    Map<String, Integer> calls = callsOfOneRun();
    assertTrue(calls.get("cublasGemmEx") == 6 && calls.containsKey("cublasSetWorkspace_v2"));
    int failures = 0;
    for (Map.Entry<String, Integer> call : calls.entrySet()) {
      boolean library = call.getKey().startsWith("cublas");
      for (int n = 1; n <= call.getValue(); n++) {
        Emulator.reset();
        Emulator.set("checking", 0);
        int code = library ? EXECUTION_FAILED : LAUNCH_OUT_OF_RESOURCES;
        Emulator.fail(call.getKey(), n, code, false);
        String text = library ? "CUBLAS_STATUS_EXECUTION_FAILED" : "CUDA_ERROR_LAUNCH_OUT";
        String name = call.getKey().replaceAll("_v\\d$", "");
        failures += survives(expected, name + ": " + text, call.getKey() + " " + n) ? 1 : 0;
      }
    }
    assertTrue(failures > 60, failures + " failures");
  }

  /** Whether an exception told of the failure. */
  private boolean survives(ProjectedResult expected, String message, String what) {
    boolean told = false;
    Ctc ctc = null;
    try {
      ctc = Ctc.create(Backend.CUDA);
      compute(ctc);
    } catch (BackendUnavailableException | DeviceException e) {
      told = true;
      assertTrue(e.getMessage().contains(message), what + ": " + e);
    }
    if (ctc != null) {
      ProjectionCase.assertSameBits(expected, compute(ctc));
      ctc.close();
    }
    assertEquals("", Emulator.leaks(), what);
    return told;
  }

  @Test
  @DisplayName("Out of memory at every allocation in turn, and for good: told, with the shape")
  void outOfMemory() {
    ProjectedResult expected = expected();
    Map<String, Integer> calls = callsOfOneRun();
    for (String allocation : new String[] {"cuMemAlloc_v2", "cuMemHostAlloc"}) {
      for (int n = 1; n <= calls.get(allocation); n++) {
        Emulator.reset();
        Emulator.fail(allocation, n, OUT_OF_MEMORY, false);
        String text = "CUDA_ERROR_OUT_OF_MEMORY (2), out of memory";
        assertTrue(survives(expected, text, allocation + " number " + n));
      }
    }
    Emulator.reset();
    try (Ctc ctc = Ctc.create(Backend.CUDA)) {
      Emulator.set("memoryBytes", 100_000);
      DeviceException e = assertThrows(DeviceException.class, () -> compute(ctc));
      assertTrue(e.isOutOfMemory());
      assertTrue(e.getMessage().contains("(T, N, D) = ("), e::getMessage);
    }
    Emulator.reset();
    try (Ctc ctc = Ctc.create(Backend.CUDA)) {
      Emulator.fail("cublasCreate_v2", 1, 3, false);
      assertTrue(assertThrows(DeviceException.class, () -> compute(ctc)).isOutOfMemory());
      ProjectionCase.assertSameBits(expected, compute(ctc));
    }
  }

  @Test
  @DisplayName("Memory that is kept from calls on logits makes room")
  void makesRoom() {
    TestBatch logits = TestBatch.random(new Random(6), 200, 3, 100, 9, 2);
    EngineOptions options = EngineOptions.DEFAULT.withWorkspaceBytes(100_000); // a chunk each
    try (Ctc ctc = Ctc.create(Backend.CUDA, options)) {
      Emulator.resetCounts();
      ProjectedResult expected = compute(ctc);
      long needed = Emulator.gauge("peakDeviceBytes");
      long kept = Emulator.gauge("deviceBytes");
      ctc.lossAndGradient(logits.batch(), logits.options());
      assertTrue(Emulator.gauge("deviceBytes") > kept);
      Emulator.resetCounts();
      Emulator.set("memoryBytes", needed);
      ProjectionCase.assertSameBits(expected, compute(ctc));
      assertEquals(2, Emulator.calls("cuMemAlloc_v2"), "once in vain");
    }
  }

  @Test
  @DisplayName("The wait after a failure fails, too: memory is kept for old kernels, and told")
  void cannotSettle() {
    Emulator.set("checking", 0);
    try (Ctc ctc = Ctc.create(Backend.CUDA)) {
      compute(ctc);
      long kept = Emulator.gauge("deviceBytes");
      Emulator.fail("cublasGemmEx", 6, EXECUTION_FAILED, false);
      Emulator.fail("cuStreamSynchronize", 3, LAUNCH_OUT_OF_RESOURCES, false); // 2 on the way up
      DeviceException e = assertThrows(DeviceException.class, () -> compute(ctc));
      assertTrue(e.isDeviceLost(), e::getMessage);
      assertTrue(Emulator.gauge("deviceBytes") > kept);
      assertTrue(
          assertThrows(DeviceException.class, () -> compute(ctc))
              .getMessage()
              .startsWith("this engine lost its device"));
    }
  }

  @Test
  @DisplayName("A kernel that fails while it runs loses the device, and every later call says so")
  void lost() {
    try (Ctc ctc = Ctc.create(Backend.CUDA)) {
      Emulator.fail("kernel", 8, 719, false);
      assertTrue(assertThrows(DeviceException.class, () -> compute(ctc)).isDeviceLost());
      DeviceException again = assertThrows(DeviceException.class, () -> compute(ctc));
      assertTrue(again.getMessage().startsWith("this engine lost its device"), again::getMessage);
    }
    Emulator.reset();
  }

  @Test
  @DisplayName("A host application that enabled JCublas2's exceptions gets ours all the same")
  void jcublasExceptions() {
    try (Ctc ctc = Ctc.create(Backend.CUDA)) {
      ProjectedResult expected = compute(ctc);
      JCublas2.setExceptionsEnabled(true);
      Emulator.fail("cublasGemmEx", 2, EXECUTION_FAILED, false);
      DeviceException e = assertThrows(DeviceException.class, () -> compute(ctc));
      assertTrue(
          e.getMessage().startsWith("cublasGemmEx: CUBLAS_STATUS_EXECUTION_FAILED (13)"),
          e::getMessage);
      ProjectionCase.assertSameBits(expected, compute(ctc));
    } finally {
      JCublas2.setExceptionsEnabled(false);
    }
  }
}
