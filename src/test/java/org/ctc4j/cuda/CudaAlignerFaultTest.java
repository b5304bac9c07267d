package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.ctc4j.Backend;
import org.ctc4j.BackendUnavailableException;
import org.ctc4j.CtcAligner;
import org.ctc4j.CtcPath;
import org.ctc4j.CudaAligner;
import org.ctc4j.DeviceException;
import org.ctc4j.EngineOptions;
import org.ctc4j.TestBatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What goes wrong in the driver: a clear exception, nothing leaked, and the aligner goes on. */
@Emulated
class CudaAlignerFaultTest {
  private static final int OUT_OF_MEMORY = 2;
  private static final int LAUNCH_OUT_OF_RESOURCES = 701;
  private static final int ILLEGAL_ADDRESS = 700;

  // not Seed: which call fails depends on the sizes drawn
  private final TestBatch batch = TestBatch.random(new Random(7), 30, 4, 9, 10, 2);
  private final List<int[]> expected = states(align(CtcAligner.create(Backend.CPU)));

  @AfterEach
  void nothingIsLeft() {
    Emulator.clearFaults();
    assertEquals("", Emulator.leaks());
  }

  private static CtcAligner cuda() {
    return CtcAligner.create(Backend.CUDA);
  }

  private List<CtcPath> align(CtcAligner aligner) {
    return aligner.align(batch.batch(), batch.options());
  }

  private static List<int[]> states(List<CtcPath> paths) {
    return paths.stream()
        .map(path -> IntStream.range(0, path.frames()).map(path::state).toArray())
        .toList();
  }

  private void assertAligns(CtcAligner aligner, String what) {
    List<int[]> got = states(align(aligner));
    for (int n = 0; n < got.size(); n++) {
      assertEquals(
          IntStream.of(expected.get(n)).boxed().toList(),
          IntStream.of(got.get(n)).boxed().toList(),
          what);
    }
  }

  /** How often each entry point is called from the creation of an aligner to before its close. */
  private Map<String, Integer> callsOfOneRun() {
    Map<String, Integer> calls = new LinkedHashMap<>();
    Emulator.resetCounts();
    try (CtcAligner aligner = cuda()) {
      align(aligner);
      for (String line : Emulator.callList().split("\n")) {
        String[] parts = line.split(" ");
        calls.put(parts[0], Integer.parseInt(parts[1]));
      }
    }
    // what nobody can do anything about, see CudaFaultTest
    calls.remove("cuCtxPopCurrent_v2");
    calls.keySet().removeIf(call -> call.contains("Free") || call.contains("Destroy"));
    return calls;
  }

  @Test
  @DisplayName("The wait after a failure fails, too: the aligner gives up, as old kernels may run")
  void cannotSettle() {
    try (CtcAligner aligner = cuda()) {
      Emulator.fail("cuMemcpyDtoHAsync_v2", 1, LAUNCH_OUT_OF_RESOURCES, false);
      Emulator.fail("cuStreamSynchronize", 1, LAUNCH_OUT_OF_RESOURCES, false);
      DeviceException e = assertThrows(DeviceException.class, () -> align(aligner));
      assertTrue(e.isDeviceLost(), e::getMessage);
      DeviceException later = assertThrows(DeviceException.class, () -> align(aligner));
      assertTrue(later.getMessage().startsWith("this aligner lost its device"), later::getMessage);
    }
  }

  @Test
  @DisplayName("Whichever driver call fails: its name and CUDA's text, no leak, and it goes on")
  void everyCallInTurn() {
    int failures = 0;
    for (Map.Entry<String, Integer> call : callsOfOneRun().entrySet()) {
      for (int n = 1; n <= call.getValue(); n++) {
        Emulator.reset();
        String what = call.getKey() + " number " + n;
        Emulator.fail(call.getKey(), n, LAUNCH_OUT_OF_RESOURCES, false);
        failures += survives(call.getKey(), "CUDA_ERROR_LAUNCH_OUT", what) ? 1 : 0;
      }
    }
    assertTrue(failures > 20, failures + " failures");
  }

  @Test
  @DisplayName("Out of memory at every allocation in turn: aligned in smaller parts, or told")
  void outOfMemory() {
    Map<String, Integer> calls = callsOfOneRun();
    for (String allocation : new String[] {"cuMemAlloc_v2", "cuMemHostAlloc"}) {
      assertTrue(calls.get(allocation) > 0);
      for (int n = 1; n <= calls.get(allocation) + 2; n++) {
        Emulator.reset();
        Emulator.fail(allocation, n, OUT_OF_MEMORY, false);
        survives(allocation, "CUDA_ERROR_OUT_OF_MEMORY (2), out of memory", allocation + " " + n);
      }
    }
  }

  /** Whether an exception told of the failure. */
  private boolean survives(String call, String text, String what) {
    boolean told = false;
    CtcAligner aligner = null;
    try {
      aligner = cuda();
      assertAligns(aligner, what);
    } catch (BackendUnavailableException | DeviceException e) {
      told = true;
      String name = call.replaceAll("_v\\d$", "");
      assertTrue(e.getMessage().contains(name + ": " + text), what + ": " + e);
    }
    if (aligner != null) {
      assertAligns(aligner, what + ", the call after");
      aligner.close();
    }
    assertEquals("", Emulator.leaks(), what);
    return told;
  }

  @Test
  @DisplayName("One utterance that the device has no room for is told, with its shape")
  void noRoom() {
    Emulator.set("memoryBytes", 500);
    try (CtcAligner aligner = cuda()) {
      DeviceException e = assertThrows(DeviceException.class, () -> align(aligner));
      assertTrue(e.isOutOfMemory());
      assertTrue(e.getMessage().contains("the alignment of utterances 0 to 0"), e::getMessage);
    }
  }

  @Test
  @DisplayName("A kernel that fails loses the device: told at once and on every call after")
  void lost() {
    CtcAligner aligner = cuda();
    Emulator.fail("kernel", 2, ILLEGAL_ADDRESS, true);
    DeviceException first = assertThrows(DeviceException.class, () -> align(aligner));
    assertTrue(first.isDeviceLost());
    DeviceException second = assertThrows(DeviceException.class, () -> align(aligner));
    assertTrue(second.getMessage().contains("this aligner lost its device"), second::getMessage);
    aligner.close();
    aligner.close();
    Emulator.reset(); // a lost device takes nothing back
  }

  @Test
  @DisplayName("A driver that refuses the kernels: a forced choice throws, the fastest is the host")
  void refusedKernels() {
    try (CtcAligner fastest = CtcAligner.create(EngineOptions.DEFAULT)) {
      assertInstanceOf(CudaAligner.class, fastest);
      assertAligns(fastest, "fastest");
    }
    Emulator.fail("cuModuleLoadDataEx", 1, 222, false);
    BackendUnavailableException e =
        assertThrows(BackendUnavailableException.class, CudaAlignerFaultTest::cuda);
    assertTrue(e.getMessage().contains("CUDA_ERROR_UNSUPPORTED_PTX_VERSION"), e::getMessage);
    Emulator.fail("cuModuleLoadDataEx", 1, 222, false);
    Logged logged = new Logged();
    try (logged;
        CtcAligner fastest = CtcAligner.create(EngineOptions.DEFAULT)) {
      assertEquals(Backend.CPU, fastest.backend());
      assertAligns(fastest, "the host instead");
    }
    assertTrue(logged.text().contains("CUDA_ERROR_UNSUPPORTED_PTX_VERSION"), logged::text);
    Emulator.set("devices", 0);
    assertThrows(BackendUnavailableException.class, CudaAlignerFaultTest::cuda);
    try (CtcAligner fastest = CtcAligner.create(EngineOptions.DEFAULT)) {
      assertEquals(Backend.CPU, fastest.backend());
    }
  }
}
