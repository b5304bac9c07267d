package org.ctc4j.cuda.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.ctc4j.cuda.Devices;
import org.ctc4j.cuda.Emulated;
import org.ctc4j.cuda.driver.PrimaryContext;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@Emulated
class KernelArgumentsTest {
  @Test
  @DisplayName("Fields that do not end where their parameter does are told, with both bytes")
  void end() {
    assertEquals("", Devices.survey().reason());
    try (PrimaryContext context = new PrimaryContext(0)) {
      context.whileCurrent(
          () -> {
            try (KernelArguments arguments = new KernelArguments(8, 16) {}) {
              arguments.write(1).int64(1).int32(2).int32(3).end();
              KernelArguments.Fields shorter = arguments.write(1).int64(1).int32(2);
              assertEquals(
                  "expected fields of a parameter to end at byte 24, they end at 20",
                  assertThrows(IllegalStateException.class, shorter::end).getMessage());
              KernelArguments.Fields longer = arguments.write(0).int64(1).int64(2);
              assertThrows(IllegalStateException.class, longer::end);
            }
          });
    }
  }
}
