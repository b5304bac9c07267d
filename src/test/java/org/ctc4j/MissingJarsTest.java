package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** A JVM with the library and the JDK alone, as one has it who computes losses on the CPU. */
class MissingJarsTest {
  private static final String JCUDA =
      "org.jcuda:jcuda is not on the class path; add org.jcuda:jcuda:12.6.0,"
          + " org.jcuda:jcuda-natives:12.6.0:linux-x86_64";
  private static final String CUDA = "the cuda backend cannot be used: " + JCUDA;
  private static final String NETLIB =
      "the cpu backend cannot be used: a projection is multiplied by netlib's BLAS, and"
          + " dev.ludovic.netlib:blas is not on the class path; add dev.ludovic.netlib:blas:3.2.0";

  @Test
  @DisplayName("Every use of what is missing says what to add, and all else works, without a line")
  void told() throws Exception {
    List<String> expected =
        List.of(
            "devices: []",
            "report: " + JCUDA,
            "losses: " + CUDA,
            "a device's losses: " + CUDA,
            "paths: " + CUDA,
            "a device's paths: " + CUDA,
            "blas: " + NETLIB,
            "the fastest: cpu OK",
            "the fastest's paths: OK",
            "projection: " + NETLIB,
            "the reference's projection: OK");
    assertEquals(expected, run());
  }

  @Test
  @DisplayName("No class that mentions JCuda's types, or netlib's, is loaded before that is said")
  void notLoaded() throws Exception {
    TreeSet<String> loaded = new TreeSet<>();
    for (String line : run("-Xlog:class+load:stdout:none")) {
      Arrays.stream(line.split(" "))
          .filter(name -> name.matches("org\\.ctc4j\\.(cuda\\.[\\w.]+|cpu\\.\\w*Blas)"))
          .forEach(loaded::add);
    }
    assertTrue(loaded.remove("org.ctc4j.cuda.driver.JCuda"), loaded::toString);
    assertTrue(loaded.remove("org.ctc4j.cuda.Devices"), loaded::toString);
    assertEquals(List.of(), List.copyOf(loaded));
  }

  private static List<String> run(String... options) throws Exception {
    String classPath =
        Arrays.stream(
                System.getProperty(
                        "surefire.test.class.path", System.getProperty("java.class.path"))
                    .split(File.pathSeparator))
            .filter(entry -> !entry.endsWith(".jar"))
            .collect(Collectors.joining(File.pathSeparator));
    List<String> command =
        new ArrayList<>(
            List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
    command.addAll(List.of(options));
    command.addAll(List.of("-cp", classPath, MissingJarsProbe.class.getName()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    return output.lines().toList();
  }
}
