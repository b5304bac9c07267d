package org.ctc4j.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.ctc4j.host.Platform;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What {@code ctc devices} says, in a JVM of its own, where something is not there. */
class MissingDriverTest {
  private static final String CLASS_PATH =
      System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));

  @Test
  @DisplayName("No NVIDIA driver, no natives, no JCuda: each told, and the other backends work")
  void told() throws Exception {
    String plain = devices("nothing-is-called-so");
    assumeFalse(plain.contains("cuda:0"), "there is a GPU here");
    assertReason("there is no NVIDIA driver here: libcuda.so.1 was not found", plain);
    assertReason(
        "org.jcuda:jcuda-natives is not on the class path;"
            + " add org.jcuda:jcuda-natives:12.6.0:linux-x86_64",
        devices("jcuda-natives"));
    assertReason(
        "org.jcuda:jcuda is not on the class path;"
            + " add org.jcuda:jcuda:12.6.0, org.jcuda:jcuda-natives:12.6.0:linux-x86_64",
        devices("org/jcuda"));
  }

  @Test
  @DisplayName("Where JCuda has no natives, or NVIDIA no driver, no jar is said to help")
  void platforms() {
    assertEquals("", JCuda.objection(new Platform("Linux", "amd64")));
    assertEquals("", JCuda.objection(new Platform("Windows 11", "amd64")));
    String mac = "there is no NVIDIA driver for macOS";
    assertEquals(mac, JCuda.objection(new Platform("Mac OS X", "aarch64")));
    assertEquals(mac, JCuda.objection(new Platform("Mac OS X", "x86_64")));
    assertEquals(
        "JCuda has no native library for Linux on aarch64, only for Linux and Windows on x86_64",
        JCuda.objection(new Platform("Linux", "aarch64")));
  }

  @Test
  @DisplayName("Without a driver nothing is unpacked: no temporary directory is looked for")
  void nothingUnpacked() throws Exception {
    String output = devices("nothing-is-called-so", "-Djava.io.tmpdir=/there/is/no/such/directory");
    assumeFalse(output.contains("cuda:0"), "there is a GPU here");
    assertReason("there is no NVIDIA driver here: libcuda.so.1 was not found", output);
  }

  private static void assertReason(String reason, String output) {
    assertTrue(output.contains("cuda       not usable: " + reason), output);
    assertTrue(output.contains("reference  "), output);
  }

  private static String devices(String excluded, String... options) throws Exception {
    String classPath =
        Arrays.stream(CLASS_PATH.split(File.pathSeparator))
            .filter(entry -> !entry.contains(excluded))
            .collect(Collectors.joining(File.pathSeparator));
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(options));
    command.addAll(List.of("-cp", classPath, "org.ctc4j.cli.Main", "devices"));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    return output;
  }
}
