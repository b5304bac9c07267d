package org.ctc4j.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import org.ctc4j.DeviceException;
import org.ctc4j.cuda.Devices;
import org.ctc4j.cuda.Emulated;
import org.ctc4j.cuda.Emulator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@Emulated
class KernelModuleTest {
  private static final int INVALID_PTX = 218;

  private PrimaryContext context;

  @BeforeEach
  void open() {
    assertEquals("", Devices.survey().reason());
    context = new PrimaryContext(0);
  }

  @AfterEach
  void nothingIsLeft() {
    context.close();
    assertEquals("", Emulator.leaks());
  }

  private String refusal() {
    return assertThrows(
            DeviceException.class, () -> context.whileCurrent(() -> new KernelModule("labels", 80)))
        .getMessage();
  }

  @Test
  @DisplayName(
      "A module that loads has its functions; machine code that is refused is loaded as PTX")
  void loads() {
    context.whileCurrent(
        () -> {
          try (KernelModule module = new KernelModule("labels", 80)) {
            assertNotNull(module.function("ctc_labels"));
          }
        });
    assertEquals(1, Emulator.calls("cuModuleLoadDataEx"));
    assertEquals(1, Emulator.calls("cuModuleLoadData"));
  }

  @Test
  @DisplayName("Machine code that is taken is not translated")
  void machineCode() {
    Emulator.set("machineCode", 1);
    context.whileCurrent(() -> new KernelModule("labels", 80).close());
    assertEquals(1, Emulator.calls("cuModuleLoadData"));
    assertEquals(0, Emulator.calls("cuModuleLoadDataEx"));
  }

  @Test
  @DisplayName("A device that there is no machine code for gets the PTX at once")
  void noMachineCode() {
    context.whileCurrent(() -> new KernelModule("labels", 75).close());
    assertEquals(0, Emulator.calls("cuModuleLoadData"));
    assertEquals(1, Emulator.calls("cuModuleLoadDataEx"));
  }

  @Test
  @DisplayName("PTX that is refused: the message has the driver's log")
  void refused() {
    Emulator.set("driverVersion", 10020);
    assertEquals(
        "cuModuleLoadDataEx: CUDA_ERROR_UNSUPPORTED_PTX_VERSION (222), the provided PTX was"
            + " compiled with an unsupported toolchain.; loading the kernels of labels for sm_75;"
            + " the driver's log: ptxas error   : Unsupported .version 7.0; current version is"
            + " '6.0'",
        refusal());
    Emulator.reset();
    Emulator.set("architecture", 61);
    assertEquals(
        "cuModuleLoadDataEx: CUDA_ERROR_INVALID_PTX (218), a PTX JIT compilation failed;"
            + " loading the kernels of labels for sm_75; the driver's log: ptxas error   :"
            + " .target sm_75 is higher than the device's sm_61",
        refusal());
  }

  @Test
  @DisplayName("A driver that says nothing: nor does the message")
  void silent() {
    Emulator.fail("cuModuleLoadDataEx", 1, INVALID_PTX, false);
    String message = refusal();
    assertTrue(message.endsWith("; loading the kernels of labels for sm_75"), message);
  }

  @Test
  @DisplayName("Of a log: to its zero, no control characters, at most 2000 characters")
  void log() {
    assertEquals("", KernelModule.told(new byte[10]));
    byte[] log = " one:\u0007 \u001b[1mtwo\r\n three\n\n\0four".getBytes(StandardCharsets.UTF_8);
    assertEquals("; the driver's log: one: [1mtwo\n three", KernelModule.told(log));
    byte[] endless = "x".repeat(8192).getBytes(StandardCharsets.UTF_8);
    assertEquals("; the driver's log: " + "x".repeat(2000) + "…", KernelModule.told(endless));
  }
}
