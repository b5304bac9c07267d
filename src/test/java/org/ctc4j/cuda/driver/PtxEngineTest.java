package org.ctc4j.cuda.driver;

import static jcuda.driver.JCudaDriver.cuLaunchKernel;
import static jcuda.driver.JCudaDriver.cuModuleGetFunction;
import static jcuda.driver.JCudaDriver.cuModuleLoadDataJIT;
import static jcuda.driver.JCudaDriver.cuModuleUnload;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import jcuda.Pointer;
import jcuda.driver.CUfunction;
import jcuda.driver.CUjit_option;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.JITOptions;
import org.ctc4j.DeviceException;
import org.ctc4j.cuda.Devices;
import org.ctc4j.cuda.Emulated;
import org.ctc4j.cuda.Emulator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the engine of the PTX refuses and finds, on kernels of a few instructions each. */
@Emulated
@Tag("ptx-alone")
class PtxEngineTest {
  private static final int THREADS = 64;

  @BeforeEach
  void initialise() {
    assertEquals("", Devices.survey().reason());
  }

  /** Its first instruction is in line 13. */
  private static String kernel(String body) {
    return """
        .version 7.0
        .target sm_75
        .address_size 64
        .visible .entry planted(.param .u64 global)
        .maxntid 64, 1, 1
        {
          .reg .pred %p<4>;
          .reg .b32 %r<8>;
          .reg .b64 %rd<8>;
          .reg .f32 %f<4>;
          .shared .align 16 .b8 memory[256];
          // what is planted:
        """
        + body.replace("; ", ";\n").indent(2)
        + "ret;\n}\n";
  }

  private static int load(CUmodule module, String body, byte[] log) {
    JITOptions options = new JITOptions();
    options.putBytes(CUjit_option.CU_JIT_ERROR_LOG_BUFFER, log);
    options.putInt(CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES, log.length);
    byte[] text = (kernel(body) + "\0").getBytes(StandardCharsets.US_ASCII);
    return Driver.code(() -> cuModuleLoadDataJIT(module, Pointer.to(text), options));
  }

  @Test
  @DisplayName("An instruction that the engine does not know fails the load and is named")
  void unknown() {
    try (PrimaryContext context = new PrimaryContext(0)) {
      context.whileCurrent(
          () -> {
            byte[] log = new byte[1000];
            assertEquals(
                CUresult.CUDA_ERROR_INVALID_PTX,
                load(new CUmodule(), "mov.u32 %r1, 1; add.sat.s32 %r2, %r1, %r1;", log));
            String told = KernelModule.told(log);
            assertTrue(told.contains("line 14: no instruction add.sat.s32"), told);
          });
    }
  }

  private static String finding(String body) {
    return finding(body, 1);
  }

  /** What the engine finds in so many blocks; "" if nothing. */
  private static String finding(String body, int blocks) {
    PrimaryContext context = new PrimaryContext(0);
    context.whileCurrent(
        () -> {
          CUmodule module = new CUmodule();
          byte[] log = new byte[1000];
          assertEquals(0, load(module, body, log), () -> KernelModule.told(log));
          CUfunction function = new CUfunction();
          assertEquals(0, Driver.code(() -> cuModuleGetFunction(function, module, "planted")));
          DeviceMemory memory = new DeviceMemory(4 * THREADS, () -> "a test");
          Stream stream = new Stream();
          new Launch(stream.handle(), () -> "a test").fill(memory.address(), 0, 4 * THREADS);
          Pointer arguments = Pointer.to(Pointer.to(new long[] {memory.address()}));
          Driver.code(
              () ->
                  cuLaunchKernel(
                      function, blocks, 1, 1, THREADS, 1, 1, 0, stream.handle(), arguments, null));
          try {
            stream.await(() -> "a test");
            memory.close();
            stream.close();
            Driver.code(() -> cuModuleUnload(module));
          } catch (DeviceException e) {
            assertTrue(e.isDeviceLost());
          }
        });
    String finding = Emulator.finding();
    Emulator.reset();
    return finding;
  }

  private static final String ADDRESSES =
      "mov.u32 %r1, %tid.x; shl.b32 %r2, %r1, 2; mov.u32 %r3, memory; add.s32 %r3, %r3, %r2;"
          + " ld.param.u64 %rd1, [global]; mul.wide.u32 %rd2, %r1, 4; add.s64 %rd2, %rd1, %rd2; ";

  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      value = {
        "'' # st.shared.u32 [%r3], %r1; bar.sync 0; ld.shared.u32 %r4, [memory];"
            + " st.global.u32 [%rd2], %r4;",
        "race # st.shared.u32 [%r3], %r1; ld.shared.u32 %r4, [memory];",
        "race # st.global.u32 [%rd1], %r1;",
        "out-of-bounds write of 4 bytes # st.global.u32 [%rd2+4], %r1;",
        "misaligned read of ld.shared.u32 # ld.shared.u32 %r4, [%r3+2];",
        "at an address that depends on an undefined value # ld.shared.u32 %r4, [%r5];",
        "st.global.u32 of an undefined value # ld.shared.u32 %r4, [%r3]; st.global.u32 [%rd2], %r4;",
        "a guard that depends on an undefined value # setp.eq.s32 %p1, %r6, 0;"
            + " @%p1 bra DONE; DONE: mov.u32 %r4, 0;",
        "a lane that is not in its own mask # bar.warp.sync 1;",
        "does not match # setp.lt.u32 %p1, %r1, 16; @%p1 bra LOW; bar.warp.sync -1; bra DONE;"
            + " LOW: shfl.sync.idx.b32 %r4|%p2, %r1, 0, 31, -1; DONE: mov.u32 %r4, 0;",
        "divergent barrier # setp.lt.u32 %p1, %r1, 16; @%p1 bra LOW; bar.sync 0; bra DONE;"
            + " LOW: bar.sync 0; DONE: mov.u32 %r4, 0;",
        "deadlock # st.shared.u32 [%r3], 0; bar.sync 0; LOOP:"
            + " ld.acquire.cta.shared.s32 %r4, [memory]; setp.eq.s32 %p1, %r4, 0; @%p1 bra LOOP;",
        "'' # st.global.u32 [%rd2], %r1; cp.async.ca.shared.global [%r3], [%rd2], 4;"
            + " cp.async.commit_group; cp.async.wait_group 0; ld.shared.u32 %r4, [%r3];"
            + " st.global.u32 [%rd2], %r4;",
        "of an undefined value # st.global.u32 [%rd2], %r1;"
            + " cp.async.ca.shared.global [%r3], [%rd2], 4; cp.async.commit_group;"
            + " cp.async.wait_group 1; ld.shared.u32 %r4, [%r3]; st.global.u32 [%rd2], %r4;",
      })
  @DisplayName("A planted fault is found, and nothing where there is none")
  void planted(String expected, String body) {
    String found = finding(ADDRESSES + body);
    assertTrue(expected.isEmpty() ? found.isEmpty() : found.contains(expected), found);
  }

  private static final String WAITS =
      " setp.eq.s32 %p1, %r5, WRITER; @%p1 bra WRITE; LOOP: ld.relaxed.gpu.global.b64 %rd3, [%rd1];"
          + " setp.eq.s64 %p2, %rd3, 0; @%p2 bra LOOP; bra DONE; WRITE: mov.u64 %rd4, 1; STORE;"
          + " DONE: mov.u32 %r4, 0;";

  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      value = {
        "'' # 0 # st.relaxed.gpu.global.b64 [%rd1], %rd4",
        "'' # 1 # st.relaxed.gpu.global.b64 [%rd1], %rd4",
        "of another block # 1 # st.global.u64 [%rd1], %rd4",
        "deadlock # 7 # st.relaxed.gpu.global.b64 [%rd1], %rd4",
        "deadlock # 1 # st.relaxed.gpu.global.b64 [%rd1+8], %rd4",
      })
  @DisplayName("A block that waits for another yields, and finds what that stores atomically")
  void waitingBlocks(String expected, String writer, String store) {
    String body = "mov.u32 %r5, %ctaid.x;" + WAITS.replace("WRITER", writer);
    for (int order = 0; order < 6; order++) {
      Emulator.set("seed", order);
      String found = finding(ADDRESSES + body.replace("STORE", store), 2);
      assertTrue(expected.isEmpty() ? found.isEmpty() : found.contains(expected), found);
    }
  }

  @Test
  @DisplayName("Numbers that blocks draw are no race, and are those of all")
  void drawnNumbers() {
    String draw = "mov.u32 %r5, LAST; atom.global.inc.u32 %r6, [%rd1], %r5;";
    assertEquals("", finding(ADDRESSES + draw.replace("LAST", "127"), 2));
    String trap = " setp.gt.u32 %p1, %r6, 99; @%p1 st.global.u32 [%rd2+4096], %r6;";
    assertEquals("", finding(ADDRESSES + draw.replace("LAST", "99") + trap, 2));
    String found = finding(ADDRESSES + draw.replace("LAST", "127") + trap, 2);
    assertTrue(found.contains("out-of-bounds write"), found);
  }
}
