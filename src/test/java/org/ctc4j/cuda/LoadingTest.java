package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What loading JCuda does to the rest of the JVM and to the temporary directory. */
@Emulated
class LoadingTest {
  @TempDir Path directory;

  @Test
  @DisplayName(
      "No property changes, not even for a moment; nothing stays in the temporary directory")
  void leavesNoTrace() throws Exception {
    assertEquals("computed", load());
    try (Stream<Path> files = Files.list(directory)) {
      assertEquals(0, files.count());
    }
  }

  @Test
  @DisplayName("A file that lies there under the name of JCuda's library is not touched")
  void planted() throws Exception {
    for (String library : new String[] {"JCudaDriver", "JCublas2"}) {
      String name = "lib%s-12.6.0-linux-x86_64.so".formatted(library);
      Files.writeString(directory.resolve(name), "no library");
    }
    assertEquals("computed", load());
  }

  @Test
  @DisplayName("A temporary directory in which others could exchange a library: refused, with why")
  void writable() throws Exception {
    Files.setAttribute(directory, "unix:mode", 0777);
    String output = load();
    assertTrue(output.contains("no place to unpack JCuda's native library in: "), output);
    assertTrue(output.contains(directory.toRealPath() + " can be written by others"), output);
    assertTrue(output.contains("-Djava.io.tmpdir=DIRECTORY names another place"), output);
  }

  /** What {@link LoadingProbe} prints. */
  private String load() throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djava.io.tmpdir=" + directory,
                "-Dctc4j.emulator=" + EmulatorBuild.library(),
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                LoadingProbe.class.getName())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    return output.strip();
  }
}
