package org.ctc4j.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where OpenBLAS is loaded from, and what loading a BLAS does to the rest of the JVM. */
class BlasLoadingTest {
  private static final String REASON = "a place where others can write: ";

  @TempDir Path cache;

  @Test
  @DisplayName("OpenBLAS out of a cache that is this user's alone")
  void fine() throws Exception {
    assertEquals("OpenBLAS", load(""));
  }

  @Test
  @DisplayName("A cache that others can write to: not used, which is told to those who insist")
  void writableCache() throws Exception {
    Files.setAttribute(cache, "unix:mode", 0777);
    assertTrue(load("").startsWith("netlib "));
    String told = load("openblas");
    assertTrue(told.contains(REASON + cache.toRealPath() + " can be written by others"), told);
    try (Stream<Path> files = Files.list(cache)) {
      assertEquals(0, files.count(), "files that were unpacked");
    }
  }

  @Test
  @DisplayName("A library in the cache that others can write to: not used")
  void writableLibrary() throws Exception {
    assertEquals("OpenBLAS", load(""));
    Path library;
    try (Stream<Path> files = Files.walk(cache)) {
      library = files.filter(BlasLoadingTest::isOpenBlas).findFirst().orElseThrow();
    }
    Files.setAttribute(library, "unix:mode", 0666);
    String told = load("openblas");
    assertTrue(told.contains(REASON + library.toRealPath() + " can be written by others"), told);
  }

  @Test
  @DisplayName(
      "Without its jars, or what netlib needs for it: told, with what to add, before a try")
  void missing() throws Exception {
    String told = "the cpu backend cannot be used: OpenBLAS cannot be used: ";
    assertEquals(
        told
            + "org.bytedeco:openblas is not on the class path; add org.bytedeco:openblas:"
            + "0.3.31-1.5.13, org.bytedeco:openblas:0.3.31-1.5.13:linux-x86_64,"
            + " org.bytedeco:javacpp:1.5.13:linux-x86_64",
        loadWithout("/org/bytedeco/", "openblas"));
    assertEquals(
        told
            + "net.sourceforge.f2j:arpack_combined_all is not on the class path;"
            + " add net.sourceforge.f2j:arpack_combined_all:0.1",
        loadWithout("/net/sourceforge/f2j/", "openblas"));
    assertTrue(loadWithout("/net/sourceforge/f2j/", "").startsWith("netlib Java"));
  }

  private static boolean isOpenBlas(Path file) {
    return file.getFileName().toString().startsWith("libopenblas") && Files.isRegularFile(file);
  }

  @Test
  @DisplayName("An application's own netlib is not kept from its native library")
  void netlibOfOthers() throws Exception {
    List<String> lines = load("java", "and netlib").lines().toList();
    assertTrue(lines.get(0).startsWith("netlib "), () -> "" + lines);
    assertEquals("JNIBLAS", lines.get(1));
  }

  /** What {@link BlasProbe} prints. */
  private String load(String... arguments) throws IOException, InterruptedException {
    return loadWithout("nothing-is-called-so", arguments);
  }

  private String loadWithout(String excluded, String... arguments)
      throws IOException, InterruptedException {
    String classPath =
        Arrays.stream(
                System.getProperty(
                        "surefire.test.class.path", System.getProperty("java.class.path"))
                    .split(File.pathSeparator))
            .filter(entry -> !entry.contains(excluded))
            .collect(Collectors.joining(File.pathSeparator));
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Dorg.bytedeco.javacpp.cachedir=" + cache,
                "-cp",
                classPath,
                BlasProbe.class.getName()));
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    return output.strip();
  }
}
