package org.ctc4j.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of files at the end of the JVM, and on refusal. */
class OutputFileTest {
  private static final Runtime RUNTIME = Runtime.getRuntime();

  @TempDir Path folder;

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }

  /** What the JVM is to run at its end. */
  private static Thread deletion(OutputFile file) throws ReflectiveOperationException {
    Field field = OutputFile.class.getDeclaredField("deletion");
    field.setAccessible(true);
    return (Thread) field.get(file);
  }

  /** It is there, and has no folder to be put into; nor is one needed. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void aDeviceNeedsNoTemporaryFile() throws Exception {
    String before = System.getProperty("java.io.tmpdir");
    System.setProperty("java.io.tmpdir", folder.resolve("none").toString());
    try {
      OutputTarget device = OutputTarget.of(Path.of("/dev/null"));
      device.write(new byte[] {1});
      IOException e = assertThrows(IOException.class, device::open);
      String part = "cannot write /dev/null: the folder for temporary files, " + folder;
      assertTrue(e.getMessage().startsWith(part), e.getMessage());
    } finally {
      System.setProperty("java.io.tmpdir", before);
    }
  }

  @Test
  void theEndOfTheJvmDeletesWhatIsNotCommitted() throws Exception {
    Path path = folder.resolve("x");
    OutputFile file = OutputTarget.of(path).open();
    Thread deletion = deletion(file);
    assertThrows(
        IllegalArgumentException.class, () -> RUNTIME.addShutdownHook(deletion), "registered");
    file.write(new byte[] {1});
    assertEquals(1, files().size());
    deletion.run();
    assertEquals(List.of(), files());
    file.close();
    RUNTIME.addShutdownHook(deletion); // else every file ever written is held till then
    assertTrue(RUNTIME.removeShutdownHook(deletion));
  }

  @Test
  void theEndOfTheJvmLeavesWhatIsCommitted() throws Exception {
    Path path = folder.resolve("x");
    try (OutputFile file = OutputTarget.of(path).open()) {
      file.write(new byte[] {1});
      file.commit();
      deletion(file).run();
    }
    assertEquals(List.of(path), files());
  }

  /** Refusals come before anything is computed, so that a program may go on after many of them. */
  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = "open files are seen under /proc")
  void whatIsRefusedIsClosed() throws IOException {
    byte[] npy = CraftedZip.npy("|u1", "(2,)", (byte) 1); // a byte too few
    CraftedZip.Entry entry = new CraftedZip.Entry("a.npy", CraftedZip.STORED, npy);
    Path twice = Files.write(folder.resolve("2"), new CraftedZip().add(entry).add(entry).bytes());
    assertThrows(NpzFormatException.class, () -> NpzReader.open(twice));
    assertEquals(0, descriptors(twice));
    Path once = Files.write(folder.resolve("1"), new CraftedZip().add(entry).bytes());
    NpzReader reader = NpzReader.open(once);
    assertThrows(NpzFormatException.class, () -> reader.read("a"));
    assertThrows(NpzFormatException.class, () -> reader.read("b"));
    assertEquals(1, descriptors(once));
    reader.close();
    assertEquals(0, descriptors(once));
    OutputFile output = OutputTarget.of(folder.resolve("out")).open();
    Path temporary = files().stream().filter(f -> f.toString().endsWith(".tmp")).findAny().get();
    assertEquals(1, descriptors(temporary));
    output.close();
    assertEquals(0, descriptors(temporary));
  }

  /** How often a file is open in this process. */
  private static long descriptors(Path file) throws IOException {
    try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
      return all.filter(
              descriptor -> {
                try {
                  // a file that was deleted has a note behind its name
                  return Files.readSymbolicLink(descriptor).toString().startsWith(file.toString());
                } catch (IOException e) {
                  return false; // that of the list itself, for one
                }
              })
          .count();
    }
  }
}
