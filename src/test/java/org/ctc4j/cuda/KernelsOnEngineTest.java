package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * The test of the kernels in C++, without Java and driver: {@code src/test/native/device/run},
 * which can be run by hand.
 */
@Emulated
class KernelsOnEngineTest {
  @Test
  @DisplayName(
      "Kernels keep to their memory and to the oracle; planted races, bad reads and barriers are"
          + " found")
  void passes() throws Exception {
    ProcessBuilder command =
        new ProcessBuilder("bash", "src/test/native/device/run").redirectErrorStream(true);
    command.environment().put("BUILD", Path.of("target/device").toAbsolutePath().toString());
    Path driver = EmulatorBuild.library();
    command.environment().put("KERNELS", EmulatorBuild.object(driver, "kernels.cpp").toString());
    command.environment().put("ENGINE", EmulatorBuild.object(driver, "engine.cpp").toString());
    command.environment().put("SHADOW", EmulatorBuild.object(driver, "shadow.cpp").toString());
    Process process = command.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    assertTrue(output.endsWith("all passed\n"), output);
  }
}
