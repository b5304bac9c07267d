package org.ctc4j.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** On files that NumPy wrote. */
class NpzReaderTest {
  private static final int ROWS = 3;
  private static final int COLUMNS = 5;

  @ParameterizedTest
  @ValueSource(strings = {"numpy_stored.npz", "numpy_deflated.npz"})
  void everyDtypeOrderAndVersion(String file) throws IOException {
    try (NpzReader reader = Resources.open(file)) {
      List<String> expectedNames = new ArrayList<>();
      for (String code : "f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8".split(" ")) {
        for (String endian : code.endsWith("1") ? List.of("no") : List.of("le", "be")) {
          for (String order : List.of("C", "F")) {
            for (int version = 1; version <= 3; version++) {
              String name = code + "_" + endian + "_" + order + "_v" + version;
              expectedNames.add(name);
              char prefix = endian.equals("no") ? '|' : endian.equals("le") ? '<' : '>';
              boolean fortran = order.equals("F");
              NpyHeader header =
                  new NpyHeader(prefix + code, fortran, new long[] {ROWS, COLUMNS}, version);
              assertEquals(header, reader.header(name));
              NpyArray array = reader.read(name);
              assertEquals(header, array.header());
              assertArrayEquals(expectedBits(code, fortran), bits(array), name);
            }
          }
        }
      }
      assertEquals(expectedNames, reader.names());
      assertEquals(120, expectedNames.size());
    }
  }

  /** In the order of the file; see make_npz.py. */
  private static long[] expectedBits(String code, boolean fortran) {
    int width = code.charAt(1) - '0';
    long[] bits = new long[ROWS * COLUMNS];
    for (int p = 0; p < bits.length; p++) {
      int i = fortran ? p % ROWS * COLUMNS + p / ROWS : p;
      long word = (i + 1) * 0x9E3779B97F4A7C15L >>> 64 - 8 * width;
      int unused = 64 - 8 * width;
      bits[p] =
          code.equals("u8") ? word >>> 1 : code.charAt(0) == 'i' ? word << unused >> unused : word;
    }
    return bits;
  }

  /** The values of integers, the bits of floats. */
  private static long[] bits(NpyArray array) throws IOException {
    String code = array.header().dtype().substring(1);
    long[] bits = new long[array.size()];
    for (int i = 0; i < bits.length; i++) {
      bits[i] =
          switch (code) {
            case "f8" -> Double.doubleToRawLongBits(array.doubles()[i]);
            case "f4" -> Float.floatToRawIntBits(array.floats()[i]) & 0xffffffffL;
            case "f2", "u2" -> array.shorts()[i] & 0xffff;
            case "i2" -> array.shorts()[i];
            case "i1", "u1", "i4" -> array.ints()[i];
            default -> array.longs()[i];
          };
    }
    return bits;
  }

  @ParameterizedTest
  @ValueSource(strings = {"savez.npz", "savez_compressed.npz"})
  void whatSavezWrites(String file) throws IOException {
    try (NpzReader reader = Resources.open(file)) {
      assertEquals(List.of("logits", "scalar", "vector", "empty", "länge/µ"), reader.names());
      assertTrue(reader.contains("länge/µ"));
      assertFalse(reader.contains("logits.npy"));

      NpyArray logits = reader.read("logits");
      assertArrayEquals(new long[] {4, 2, 3}, logits.shape());
      assertEquals(3, logits.rank());
      assertEquals(24, logits.size());
      assertEquals(96, logits.header().dataBytes());
      assertEquals("<f4 (4, 2, 3)", logits.toString());
      for (int i = 0; i < 24; i++) {
        assertEquals(i / 8f, logits.floats()[i]);
      }

      NpyArray scalar = reader.read("scalar");
      assertArrayEquals(new long[0], scalar.shape());
      assertArrayEquals(new double[] {2.5}, scalar.doubles());

      NpyArray vector = reader.read("vector");
      assertEquals("<i4 (3,)", vector.toString());
      assertArrayEquals(new int[] {1, 2, 3}, vector.ints());

      NpyArray empty = reader.read("empty");
      assertArrayEquals(new long[] {0, 5}, empty.shape());
      assertArrayEquals(new double[0], empty.doubles());

      assertArrayEquals(new int[] {7}, reader.read("länge/µ").toIntsExact());
    }
  }

  @Test
  void opensAFileByPath(@TempDir Path folder) throws IOException {
    Path file = Files.write(folder.resolve("x.npz"), Resources.bytes("savez.npz"));
    try (NpzReader reader = NpzReader.open(file)) {
      assertEquals(24, reader.read("logits").size());
    }
  }

  @Test
  void readsFromSeveralThreads() throws IOException {
    try (NpzReader reader = Resources.open("numpy_deflated.npz")) {
      List<String> names =
          IntStream.range(0, 20).boxed().flatMap(i -> reader.names().stream()).toList();
      long elements = names.parallelStream().mapToLong(name -> size(reader, name)).sum();
      assertEquals(15L * names.size(), elements);
    }
  }

  private static long size(NpzReader reader, String name) {
    try {
      return reader.read(name).size();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void leavesNoTemporaryFile() throws IOException {
    Path folder = Path.of(System.getProperty("java.io.tmpdir"));
    List<Path> before = temporaryFiles(folder);
    Resources.open("savez.npz").close();
    assertThrows(NpzFormatException.class, () -> NpzReader.open("x", new byte[] {1}));
    List<Path> after = temporaryFiles(folder);
    after.removeAll(before);
    assertEquals(List.of(), after);
  }

  private static List<Path> temporaryFiles(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return new ArrayList<>(
          files.filter(file -> file.getFileName().toString().startsWith("ctc4j-")).toList());
    }
  }

  @Test
  void integersOfEveryWidthBecomeInts() throws IOException {
    byte[] ones = {-1, -1, -1, -1, -1, -1, -1, -1};
    assertArrayEquals(new int[] {-1, -1}, toInts("|i1", "(2,)", -1, -1));
    assertArrayEquals(new int[] {255, 1}, toInts("|u1", "(2,)", -1, 1));
    assertArrayEquals(new int[] {-2}, toInts("<i2", "(1,)", -2, -1));
    assertArrayEquals(new int[] {65534}, toInts("<u2", "(1,)", -2, -1));
    assertArrayEquals(new int[] {-2}, toInts(">i4", "(1,)", -1, -1, -1, -2));
    assertArrayEquals(new int[] {0x7fffffff}, toInts("<u4", "(1,)", -1, -1, -1, 0x7f));
    assertArrayEquals(new int[] {-1}, array("<i8", "(1,)", ones).toIntsExact());
    assertArrayEquals(new int[] {5}, toInts("<u8", "(1,)", 5, 0, 0, 0, 0, 0, 0, 0));
  }

  @Test
  void refusesIntegersThatDoNotFit() {
    assertEquals(
        "x.npz: array 'a': element 1 is 4294967295, expected a value that fits 32 bits",
        assertThrows(
                NpzFormatException.class, () -> toInts("<u4", "(2,)", 1, 0, 0, 0, -1, -1, -1, -1))
            .getMessage());
    assertEquals(
        "x.npz: array 'a': element 0 is -2147483649, expected a value that fits 32 bits",
        assertThrows(
                NpzFormatException.class,
                () -> toInts(">i8", "(1,)", -1, -1, -1, -1, 127, -1, -1, -1))
            .getMessage());
    assertEquals(
        "x.npz: array 'a': element 1 is 9223372036854775808, expected at most 2^63 - 1",
        assertThrows(
                NpzFormatException.class,
                () -> toInts(">u8", "(2,)", 0, 0, 0, 0, 0, 0, 0, 1, 0x80, 0, 0, 0, 0, 0, 0, 0))
            .getMessage());
  }

  @Test
  void accessorsRefuseOtherTypes() throws IOException {
    NpyArray floats = array("<f4", "()", new byte[4]);
    NpyArray doubles = array(">f8", "()", new byte[8]);
    assertMessage("expected f8, got dtype '<f4'", floats::doubles);
    assertMessage("expected f4, got dtype '>f8'", doubles::floats);
    assertMessage("expected f2, i2, u2 or V2, got dtype '<f4'", floats::shorts);
    assertMessage("expected i1, u1 or i4, got dtype '<f4'", floats::ints);
    assertMessage("expected u4, i8 or u8, got dtype '<f4'", floats::longs);
    assertMessage("expected integers, got dtype '<f4'", floats::toIntsExact);
    assertMessage(
        "expected integers, got dtype '<f2'", array("<f2", "()", new byte[2])::toIntsExact);
  }

  private static void assertMessage(String expected, Executable call) {
    NpzFormatException e = assertThrows(NpzFormatException.class, call);
    assertEquals("x.npz: array 'a': " + expected, e.getMessage());
  }

  @Test
  void reportsProgress() throws IOException {
    byte[] npy = CraftedZip.npy("<f8", "(20000,)", new byte[160000]);
    for (int method : new int[] {CraftedZip.STORED, CraftedZip.DEFLATED}) {
      List<Long> seen = new ArrayList<>();
      try (NpzReader reader = NpzReader.open("x.npz", CraftedZip.of(method, npy))) {
        reader.read("a", seen::add);
      }
      assertEquals(160000, seen.get(seen.size() - 1));
      assertTrue(seen.size() > 2);
      assertEquals(seen.stream().sorted().distinct().toList(), seen);
    }
  }

  @Test
  void readsZip64SizesAndGrowsToTheRightLength() throws IOException {
    byte[] data = new byte[8 * 123_457]; // compresses well, so the array is enlarged many times
    for (int i = 0; i < data.length; i++) {
      data[i] = (byte) (i / 50_000);
    }
    CraftedZip.Entry entry =
        new CraftedZip.Entry(
            "a.npy", CraftedZip.DEFLATED, CraftedZip.npy("<i8", "(123457,)", data));
    entry.zip64 = true;
    try (NpzReader reader = NpzReader.open("x.npz", new CraftedZip().add(entry).bytes())) {
      long[] longs = reader.read("a").longs();
      assertEquals(123_457, longs.length);
      for (int i = 0; i < longs.length; i++) {
        for (int b = 0; b < 8; b++) {
          assertEquals(data[8 * i + b], (byte) (longs[i] >>> 8 * b));
        }
      }
    }
  }

  @Test
  void passesOverOtherEntries() throws IOException {
    byte[] zip =
        new CraftedZip()
            .add(new CraftedZip.Entry("readme.txt", CraftedZip.STORED, new byte[] {1}))
            .add(new CraftedZip.Entry("f/", CraftedZip.STORED, new byte[0]))
            .add(
                new CraftedZip.Entry(
                    "a.npy", CraftedZip.STORED, CraftedZip.npy("|u1", "(1,)", (byte) 9)))
            .bytes();
    try (NpzReader reader = NpzReader.open("x.npz", zip)) {
      assertEquals(List.of("a"), reader.names());
      NpyArray array = reader.read("a");
      assertArrayEquals(new int[] {9}, array.ints());
      assertSame(array.ints(), array.toIntsExact());
    }
  }

  @Test
  void arraysWithoutTheirSuffix() throws IOException {
    for (int method : new int[] {CraftedZip.STORED, CraftedZip.DEFLATED}) {
      byte[] zip =
          new CraftedZip()
              .add(new CraftedZip.Entry("b", method, CraftedZip.npy("|u1", "(1,)", (byte) 9)))
              .add(new CraftedZip.Entry("c", method, new byte[] {(byte) 0x93, 'N', 'U', 'M'}))
              .add(new CraftedZip.Entry("d.npy", method, CraftedZip.npy("|u1", "(1,)", (byte) 8)))
              .bytes();
      try (NpzReader reader = NpzReader.open("x.npz", zip)) {
        assertEquals(List.of("b", "d"), reader.names());
        assertArrayEquals(new int[] {9}, reader.read("b").ints());
      }
    }
  }

  private static int[] toInts(String descr, String shape, int... data) throws IOException {
    byte[] bytes = new byte[data.length];
    for (int i = 0; i < data.length; i++) {
      bytes[i] = (byte) data[i];
    }
    return array(descr, shape, bytes).toIntsExact();
  }

  private static NpyArray array(String descr, String shape, byte[] data) throws IOException {
    byte[] zip = CraftedZip.of(CraftedZip.STORED, CraftedZip.npy(descr, shape, data));
    try (NpzReader reader = NpzReader.open("x.npz", zip)) {
      return reader.read("a");
    }
  }
}
