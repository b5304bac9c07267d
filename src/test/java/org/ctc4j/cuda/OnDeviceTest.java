package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.ctc4j.CudaDevice;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What tests for a GPU take for one. */
class OnDeviceTest {
  private static final Devices NONE = new Devices(List.of(), "there is no NVIDIA driver here");
  private static final Devices REAL = devices("NVIDIA H100");
  private static final Devices EMULATED = devices("Emulated GPU 0");

  private static Devices devices(String name) {
    return new Devices(List.of(new CudaDevice(0, name, 1 << 30, 90, 12000, "sm_90", "")), "");
  }

  private static String refused(String mode, Devices found) {
    return assertThrows(AssertionError.class, () -> OnDevice.Driver.check(mode, found))
        .getMessage();
  }

  @Test
  @DisplayName("Each mode takes its own device; without one it fails with the reason")
  void check() {
    OnDevice.Driver.check("true", REAL);
    OnDevice.Driver.check("emulated", EMULATED);
    assertEquals("-Dctc4j.gpu=true, but the device is Emulated GPU 0", refused("true", EMULATED));
    assertEquals("-Dctc4j.gpu=emulated, but the device is NVIDIA H100", refused("emulated", REAL));
    for (String mode : new String[] {"true", "emulated"}) {
      assertEquals(
          "expected a usable device, but there is no NVIDIA driver here", refused(mode, NONE));
    }
  }
}
