package org.ctc4j.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NpzWriterTest {
  private static final float[] SIX = {0, 1, 2, 3, 4, 5};

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void writesWhatTheReaderReads(boolean compress) throws IOException {
    Path file = folder.resolve("x.npz");
    writeSample(file, compress);
    try (NpzReader reader = NpzReader.open(file)) {
      assertEquals(List.of("d", "f", "i", "l", "scalar", "empty", "größe/1"), reader.names());
      assertEquals(new NpyHeader("<f8", false, new long[] {2, 3}, 1), reader.header("d"));
      assertArrayEquals(new double[] {0, 1, 2, 3, 4, Double.NaN}, reader.read("d").doubles());
      assertArrayEquals(SIX, reader.read("f").floats());
      assertArrayEquals(new int[] {Integer.MIN_VALUE}, reader.read("i").ints());
      assertArrayEquals(new long[] {Long.MAX_VALUE}, reader.read("l").longs());
      assertEquals("<f8 ()", reader.header("scalar").toString());
      assertArrayEquals(new double[] {7}, reader.read("scalar").doubles());
      assertEquals("<f4 (0, 5)", reader.read("empty").toString());
      assertArrayEquals(new double[] {8, 9}, reader.read("größe/1").doubles());
    }
    try (ZipFile zip = new ZipFile(file.toFile())) {
      assertEquals(
          compress ? ZipEntry.DEFLATED : ZipEntry.STORED, zip.getEntry("d.npy").getMethod());
    }
    assertEquals(List.of(file), files());
  }

  private static void writeSample(Path file, boolean compress) throws IOException {
    try (NpzWriter out = compress ? NpzWriter.openCompressed(file) : NpzWriter.open(file)) {
      out.addDoubles("d", new long[] {2, 3}, new double[] {0, 1, 2, 3, 4, Double.NaN});
      out.addFloats("f", new long[] {3, 1, 2}, SIX);
      out.addInts("i", new long[] {1}, new int[] {Integer.MIN_VALUE});
      out.addLongs("l", new long[] {1}, new long[] {Long.MAX_VALUE});
      out.addDoubles("scalar", new long[0], (row, values) -> values[0] = 7);
      out.addFloats("empty", new long[] {0, 5}, new float[0]);
      out.addDoubles("größe/1", new long[] {2, 1}, (row, values) -> values[0] = 8 + row);
      out.commit();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void equalCallsGiveEqualBytes(boolean compress) throws Exception {
    Path first = folder.resolve("1.npz");
    Path second = folder.resolve("2.npz");
    writeSample(first, compress);
    Thread.sleep(10);
    writeSample(second, compress);
    assertEquals(-1, Files.mismatch(first, second));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void rowsAndArraysGiveEqualBytes(boolean compress) throws IOException {
    int rows = 41;
    int columns = 1999; // so that rows and the writer's buffer do not end together
    float[] floats = new float[rows * columns];
    double[] doubles = new double[rows * columns];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = Float.intBitsToFloat(i * 0x9E3779B9);
      doubles[i] = Double.longBitsToDouble(i * 0x9E3779B97F4A7C15L);
    }
    long[] shape = {1, rows, columns};
    Path dense = folder.resolve("dense.npz");
    Path byRow = folder.resolve("rows.npz");
    try (NpzWriter out = compress ? NpzWriter.openCompressed(dense) : NpzWriter.open(dense)) {
      out.addFloats("f", shape, floats);
      out.addDoubles("d", shape, doubles);
      out.commit();
    }
    try (NpzWriter out = compress ? NpzWriter.openCompressed(byRow) : NpzWriter.open(byRow)) {
      out.addFloats(
          "f",
          shape,
          (row, values) -> System.arraycopy(floats, (int) row * columns, values, 0, columns));
      out.addDoubles(
          "d",
          shape,
          (row, values) -> System.arraycopy(doubles, (int) row * columns, values, 0, columns));
      out.commit();
    }
    assertEquals(-1, Files.mismatch(dense, byRow));
    try (NpzReader reader = NpzReader.open(dense)) {
      float[] floatsRead = reader.read("f").floats();
      double[] doublesRead = reader.read("d").doubles();
      for (int i = 0; i < floats.length; i++) {
        assertEquals(Float.floatToRawIntBits(floats[i]), Float.floatToRawIntBits(floatsRead[i]));
        assertEquals(
            Double.doubleToRawLongBits(doubles[i]), Double.doubleToRawLongBits(doublesRead[i]));
      }
    }
  }

  @Test
  void noRowsAreAskedForAnEmptyArray() throws IOException {
    NpzWriter.FloatRows none =
        (row, values) -> {
          throw new AssertionError();
        };
    Path file = folder.resolve("x.npz");
    try (NpzWriter out = NpzWriter.open(file)) {
      out.addFloats("a", new long[] {5, 0}, none);
      out.addFloats("b", new long[] {0, 5}, none);
      out.commit();
    }
    try (NpzReader reader = NpzReader.open(file)) {
      assertEquals("<f4 (5, 0)", reader.read("a").toString());
      assertEquals("<f4 (0, 5)", reader.read("b").toString());
    }
  }

  @Test
  void moreEntriesThanAnOldZipCounts() throws IOException {
    Path file = folder.resolve("x.npz");
    int count = 65_536;
    try (NpzWriter out = NpzWriter.open(file)) {
      for (int i = 0; i < count; i++) {
        out.addInts("a" + i, new long[0], new int[] {i});
      }
      out.commit();
    }
    try (NpzReader reader = NpzReader.open(file)) {
      assertEquals(count, reader.names().size());
      assertArrayEquals(new int[] {65_535}, reader.read("a65535").ints());
    }
  }

  // Nothing half-written

  @Test
  void withoutCommitTheTargetStays() throws IOException {
    Path file = Files.writeString(folder.resolve("x.npz"), "before");
    try (NpzWriter out = NpzWriter.open(file)) {
      out.addFloats("a", new long[] {6}, SIX);
      assertEquals(2, files().size());
    }
    assertEquals("before", Files.readString(file));
    assertEquals(List.of(file), files());
  }

  @Test
  void commitReplacesTheTarget() throws IOException {
    Path file = Files.writeString(folder.resolve("x.npz"), "before");
    writeSample(file, false);
    try (NpzReader reader = NpzReader.open(file)) {
      assertTrue(reader.contains("d"));
    }
    assertEquals(List.of(file), files());
  }

  @Test
  void aLinkStaysALink() throws IOException {
    Path file = Files.writeString(folder.resolve("x.npz"), "before");
    Path link = Files.createSymbolicLink(folder.resolve("link"), file);
    writeSample(link, false);
    assertTrue(Files.isSymbolicLink(link));
    NpzReader.open(file).close();
  }

  @Test
  void failingRowsLeaveNothing() throws IOException {
    Path file = folder.resolve("x.npz");
    IOException failure = new IOException("no more rows");
    try (NpzWriter out = NpzWriter.openCompressed(file)) {
      NpzWriter.DoubleRows rows =
          (row, values) -> {
            if (row == 90_000) {
              throw failure;
            }
          };
      assertSame(
          failure,
          assertThrows(
              IOException.class, () -> out.addDoubles("a", new long[] {100_000, 10}, rows)));
      String message =
          file + ": nothing can be added or committed after a commit, a close or a failure";
      assertIllegalState(message, out::commit);
      assertIllegalState(message, () -> out.addFloats("b", new long[] {6}, SIX));
    }
    assertEquals(List.of(), files());
  }

  @Test
  void afterwardsNothingIsAdded() throws IOException {
    Path file = folder.resolve("x.npz");
    NpzWriter out = NpzWriter.open(file);
    out.commit();
    assertThrows(IllegalStateException.class, out::commit);
    out.close();
    out.close();
    assertThrows(IllegalStateException.class, () -> out.addFloats("a", new long[] {6}, SIX));
    try (NpzReader reader = NpzReader.open(file)) {
      assertEquals(List.of(), reader.names());
    }
  }

  @Test
  void targetThatBecameAFolder() throws IOException {
    Path file = folder.resolve("x.npz");
    try (NpzWriter out = NpzWriter.open(file)) {
      Files.createDirectories(file.resolve("inside"));
      IOException e = assertThrows(IOException.class, out::commit);
      assertTrue(e.getMessage().startsWith("cannot write " + file + ": "), e.getMessage());
    }
    assertEquals(List.of(file), files());
  }

  @Test
  void noSuchFolder() {
    Path file = folder.resolve("none").resolve("x.npz");
    assertMessage(
        "cannot write %s: there is no folder %s".formatted(file, file.getParent()),
        () -> NpzWriter.open(file));
    assertFalse(Files.exists(file.getParent()));
  }

  @Test
  void targetThatIsAFolder() {
    assertMessage("cannot write " + folder + ": it is a folder", () -> NpzWriter.open(folder));
  }

  @Test
  void withoutPermission() throws IOException {
    assumeTrue(Files.getFileStore(folder).supportsFileAttributeView("posix"));
    Path file = Files.writeString(folder.resolve("x.npz"), "before");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r--r--"));
    assumeTrue(!Files.isWritable(file)); // root writes all
    assertMessage("cannot write " + file + ": permission denied", () -> NpzWriter.open(file));
    Path locked = Files.createDirectory(folder.resolve("locked"));
    Files.setPosixFilePermissions(locked, PosixFilePermissions.fromString("r-xr-xr-x"));
    Path inside = locked.resolve("x.npz");
    assertMessage(
        "cannot write %s: the folder %s takes no file: permission denied".formatted(inside, locked),
        () -> NpzWriter.open(inside));
  }

  // Arguments

  @Test
  void refusesArguments() throws IOException {
    try (NpzWriter out = NpzWriter.open(folder.resolve("x.npz"))) {
      assertIllegal(
          "shape (2, 2): expected 4 elements, got 6",
          () -> out.addFloats("a", new long[] {2, 2}, SIX));
      assertIllegal(
          "shape has a negative dimension, -1",
          () -> out.addFloats("a", new long[] {-1}, new float[0]));
      assertIllegal(
          "expected at most 64 dimensions, got 65",
          () -> out.addFloats("a", new long[65], new float[0]));
      assertIllegal(
          "shape (1, 2147483640): expected a last dimension of at most 2147483639",
          () -> out.addFloats("a", new long[] {1, 2147483640}, (row, values) -> {}));
      String expected = "expected a name of 1 to 65531 bytes without control characters, got ";
      assertIllegal(expected + "''", () -> out.addFloats("", new long[] {6}, SIX));
      assertIllegal(expected + "'a\\u000a'", () -> out.addFloats("a\n", new long[] {6}, SIX));
      assertIllegal(
          expected + "'" + "x".repeat(200) + "…'",
          () -> out.addFloats("x".repeat(65_532), new long[] {6}, SIX));
      assertIllegal(
          "name '\\ud800' is not Unicode text", () -> out.addFloats("\ud800", new long[] {6}, SIX));
      out.addFloats("a", new long[] {6}, SIX);
      assertIllegal("array 'a' was added before", () -> out.addFloats("a", new long[] {6}, SIX));
      out.commit(); // a refused argument has spoilt nothing
    }
    try (NpzReader reader = NpzReader.open(folder.resolve("x.npz"))) {
      assertEquals(List.of("a"), reader.names());
    }
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }

  private static void assertMessage(String message, Executable call) {
    assertEquals(message, assertThrows(IOException.class, call).getMessage());
  }

  private static void assertIllegal(String message, Executable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
  }

  private static void assertIllegalState(String message, Executable call) {
    assertEquals(message, assertThrows(IllegalStateException.class, call).getMessage());
  }
}
