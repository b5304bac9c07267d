package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a projected batch says in a JVM of its own where cuBLAS is not there. */
@Emulated
class MissingCublasTest {
  private static final String CLASS_PATH =
      System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));

  private static final String COMPUTED = "computed";

  @TempDir Path directory;

  private final Path driver = EmulatorBuild.library();
  private final Path cublas = EmulatorBuild.cublas(driver);

  @Test
  @DisplayName("No natives, no JCublas: told")
  void noJars() throws Exception {
    assertReason(
        "org.jcuda:jcublas-natives is not on the class path;"
            + " add org.jcuda:jcublas-natives:12.6.0:linux-x86_64",
        probe("jcublas-natives", "", cublas.toString()));
    assertReason(
        "org.jcuda:jcublas is not on the class path;"
            + " add org.jcuda:jcublas:12.6.0, org.jcuda:jcublas-natives:12.6.0:linux-x86_64",
        probe("jcublas", "", cublas.toString()));
  }

  @Test
  @DisplayName("The property names a file, a directory, nothing, or something else")
  void property() throws Exception {
    assertEquals(COMPUTED, probe("-", "", cublas.toString()));
    assertEquals(COMPUTED, probe("-", "", cublas.getParent().toString()));
    String missing = directory.resolve("libcublas.so.12").toString();
    assertReason("there is no file " + missing, probe("-", "", missing));
    assertReason(
        "expected cuBLAS of CUDA 12, a library that calls itself libcublas.so.12",
        probe("-", "", driver.toString()));
    Path text = Files.writeString(directory.resolve("text.so"), "no library");
    assertReason("cuBLAS cannot be loaded: ", probe("-", "", text.toString()));
  }

  @Test
  @DisplayName("Without the property: found on LD_LIBRARY_PATH, or told where it was looked for")
  void search() throws Exception {
    assertEquals(COMPUTED, probe("-", cublas.getParent().toString()));
    String nowhere = probe("-", directory.toString());
    assumeFalse(nowhere.equals(COMPUTED), "there is a libcublas.so.12 here");
    assertReason("libcublas.so.12 was not found (looked for in " + directory, nowhere);
    assertReason("-Dorg.ctc4j.cublas=PATH", nowhere);
    Files.createFile(directory.resolve("libcublas.so.13"));
    assertReason("scripts/cublas12-bridge", probe("-", directory.toString()));
  }

  private static void assertReason(String reason, String output) {
    String start = "the cuda backend cannot be used: a projection is computed by cuBLAS, and ";
    assertTrue(output.contains(start) && output.contains(reason), output);
  }

  /** What {@link CublasProbe} prints with jars left out whose path has {@code excluded} in it. */
  private String probe(String excluded, String libraryPath, String... arguments)
      throws IOException, InterruptedException {
    String classPath =
        Arrays.stream(CLASS_PATH.split(File.pathSeparator))
            .filter(entry -> excluded.equals("-") || !entry.contains("org/jcuda/" + excluded))
            .collect(Collectors.joining(File.pathSeparator));
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Dctc4j.emulator=" + driver,
                "-cp",
                classPath,
                CublasProbe.class.getName()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("LD_LIBRARY_PATH", libraryPath);
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    return output.strip();
  }
}
