package org.ctc4j.examples.nanopore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NanoporeReadTest {
  @TempDir private Path directory;

  @Test
  @DisplayName("A base begins with the event that brings it to the middle, two at once included")
  void baseStarts() {
    int[] bases = {0, 1, 2, 3, 0, 1, 2, 3};
    NanoporeRead read =
        new NanoporeRead(
            new float[40],
            4000,
            bases,
            new int[] {5, 10, 20, 30},
            new int[] {10, 20, 30, 38},
            new int[] {0, 0, 1, 3});
    assertArrayEquals(new int[] {5, 5, 5, 20, 30, 30, 38, 38}, read.baseStarts());
  }

  @Test
  @DisplayName("Another file is refused")
  void another() throws IOException {
    Path file = Files.writeString(directory.resolve("other.fast5"), "not HDF5");
    IOException e = assertThrows(IOException.class, () -> NanoporeRead.read(file));
    assertEquals(file + ": expected a fast5 of one read with a caller's events", e.getMessage());
  }
}
