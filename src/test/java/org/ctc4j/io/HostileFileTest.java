package org.ctc4j.io;

import static org.ctc4j.io.CraftedZip.DEFLATED;
import static org.ctc4j.io.CraftedZip.STORED;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Everything that is refused, and what is said of it. */
class HostileFileTest {
  private static final String ARRAY = "x.npz: array 'a': ";

  @TempDir Path folder;

  // The file

  @Test
  void missingFile() {
    Path file = folder.resolve("none.npz");
    assertMessage(NoSuchFileException.class, file + ": no such file", () -> NpzReader.open(file));
  }

  @Test
  void notAFile() {
    assertMessage(folder + ": expected an .npz file, got a folder", () -> NpzReader.open(folder));
    Path device = Path.of("/dev/null");
    assumeTrue(Files.exists(device));
    assertMessage(
        "/dev/null: expected an .npz file, got something that is not a regular file",
        () -> NpzReader.open(device));
  }

  @Test
  void unreadableFile() throws IOException {
    Path file = Files.write(folder.resolve("x.npz"), Resources.bytes("savez.npz"));
    assumeTrue(Files.getFileStore(folder).supportsFileAttributeView("posix"));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("---------"));
    assumeTrue(!Files.isReadable(file)); // root reads all
    assertMessage(
        AccessDeniedException.class, file + ": permission denied", () -> NpzReader.open(file));
  }

  @Test
  void notAZip() throws IOException {
    String start = "x.npz: not a zip file or a damaged one: ";
    assertStart(start, () -> open(new byte[0]));
    assertStart(start, () -> open(new byte[100_000]));
    assertStart(start, () -> open("PK, but only just".getBytes(StandardCharsets.US_ASCII)));
    assertStart(start, () -> open(CraftedZip.npy("<f4", "()", new byte[4])));
    byte[] cut = Arrays.copyOf(Resources.bytes("savez.npz"), 3);
    assertStart(start, () -> open(cut));
    Path empty = Files.createFile(folder.resolve("empty.npz"));
    byte[] array = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, 0, 0};
    assertStart(start + "a single array (.npy)", "numpy.savez", () -> open(array));
    assertStart(empty + ": not a zip file or a damaged one: ", () -> NpzReader.open(empty));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"savez.npz", "savez_compressed.npz", "numpy_stored.npz", "numpy_deflated.npz"})
  void cutShort(String name) throws IOException {
    byte[] whole = Resources.bytes(name);
    int steps = whole.length < 10_000 ? 7 : 31;
    for (int length = whole.length - 1; length > 3; length -= length % steps + 1) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertMessage(
          "x.npz: a truncated zip file: it ends after %d bytes without a zip's table of contents"
              .formatted(length),
          () -> open(cut));
    }
  }

  @Test
  void cutShortInTheComment() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      zip.setComment("x".repeat(0xffff));
      zip.putNextEntry(new ZipEntry("a.npy"));
      zip.write(CraftedZip.npy("|u1", "()", (byte) 1));
    }
    byte[] whole = bytes.toByteArray();
    try (NpzReader reader = open(whole)) {
      assertEquals(List.of("a"), reader.names());
    }
    byte[] cut = Arrays.copyOf(whole, whole.length - 0xffff - 1);
    assertStart("x.npz: a truncated zip file: it ends after ", () -> open(cut));
  }

  @Test
  void aNameInAMessageStaysOnItsLine() {
    assertStart("a\\u000aERROR b: not a zip file", () -> NpzReader.open("a\nERROR b", new byte[9]));
  }

  @Test
  void countOfEntriesThatTheFileCannotHave() throws IOException {
    // a zip64 end that claims 2^31 - 1 entries: some JDKs would make room for them
    ByteBuffer end = ByteBuffer.allocate(56 + 20 + 22).order(ByteOrder.LITTLE_ENDIAN);
    end.putInt(0x06064b50).putLong(44).putShort((short) 45).putShort((short) 45);
    end.putInt(0).putInt(0).putLong(Integer.MAX_VALUE).putLong(Integer.MAX_VALUE);
    end.putLong(0).putLong(0);
    end.putInt(0x07064b50).putInt(0).putLong(0).putInt(1);
    end.putInt(0x06054b50).putInt(0).putShort((short) -1).putShort((short) -1);
    end.putInt(-1).putInt(-1);
    try (NpzReader reader = open(end.array())) {
      assertEquals(0, reader.names().size());
    } catch (NpzFormatException e) {
      assertStart("x.npz: not a zip file or a damaged one: ", () -> open(end.array()));
    }
  }

  @Test
  void encryptedEntry() {
    byte[] zip = craft(STORED, entry -> entry.flags = 1);
    assertStart("x.npz: not a zip file or a damaged one: ", "encrypted", () -> read(zip));
  }

  @Test
  void unsupportedMethod() {
    byte[] zip = craft(STORED, entry -> entry.method = 14);
    assertStart("x.npz: not a zip file or a damaged one: ", "method: 14", () -> read(zip));
  }

  @Test
  void nameThatIsNotText() {
    byte[] zip =
        craft(
            STORED,
            entry -> {
              entry.name = new byte[] {'a', (byte) 0xff, '.', 'n', 'p', 'y'};
              entry.flags = 1 << 11;
            });
    assertStart("x.npz: not a zip file or a damaged one: ", () -> read(zip));
  }

  @Test
  void arrayTwice() {
    byte[] npy = CraftedZip.npy("|u1", "()", (byte) 1);
    byte[] zip =
        new CraftedZip()
            .add(new CraftedZip.Entry("a.npy", STORED, npy))
            .add(new CraftedZip.Entry("a.npy", STORED, npy))
            .bytes();
    assertMessage("x.npz: array 'a' comes twice", () -> open(zip));
  }

  @Test
  void noSuchArray() throws IOException {
    try (NpzReader reader = Resources.open("savez.npz")) {
      String message =
          "savez.npz: no array 'targets', the file has [logits, scalar, vector, empty, länge/µ]";
      assertMessage(message, () -> reader.read("targets"));
      assertMessage(message, () -> reader.header("targets"));
    }
  }

  // The sizes an entry claims

  @Test
  void storedEntryWithOtherSize() {
    assertMessage(
        ARRAY + "stored entry claims 1000 bytes, expected the 93 that it has in the file",
        () -> read(craft(STORED, entry -> entry.size = 1000)));
    assertMessage(
        ARRAY + "stored entry claims 10 bytes, expected the 93 that it has in the file",
        () -> read(craft(STORED, entry -> entry.size = 10)));
  }

  @Test
  void entryLongerThanTheFile() {
    for (int method : new int[] {STORED, DEFLATED}) {
      byte[] zip = craft(method, entry -> entry.packed = entry.size = 1L << 31);
      assertMessage(
          ARRAY + "entry claims 2147483648 bytes of a file of " + zip.length, () -> read(zip));
    }
  }

  @Test
  void entryReachesIntoWhatFollows() {
    // not longer than the file, but more than there is from its start to the end of the file
    byte[] zip =
        craft(
            STORED,
            entry -> entry.packed = entry.size = 94 + 46 + 5 + 22 + 1,
            CraftedZip.npy("|u1", "(101,)", new byte[27]));
    assertStart(ARRAY + "cut short, expected 168 bytes, got ", () -> read(zip));
  }

  @Test
  void moreThanDeflateCanYield() {
    byte[] zip =
        craft(
            DEFLATED,
            entry -> {
              entry.body = new byte[1000];
              entry.packed = 1000;
              entry.size = 1_032_001;
            });
    assertMessage(
        ARRAY
            + "deflated entry claims 1032001 bytes, expected at most 1032000 from the 1000 that it has"
            + " in the file",
        () -> read(zip));
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, Long.MIN_VALUE})
  void negativeZip64Sizes(long claim) {
    for (int method : new int[] {STORED, DEFLATED}) {
      for (boolean packed : new boolean[] {true, false}) {
        byte[] zip =
            craft(
                method,
                entry -> {
                  entry.zip64 = true;
                  entry.size = claim;
                  entry.packed = packed ? claim : entry.packed;
                });
        assertStart("x.npz: ", () -> read(zip)); // some JDKs refuse these themselves
      }
    }
  }

  // The content of an entry

  @Test
  void deflatedEntryCutShort() {
    byte[] zip =
        craft(
            DEFLATED,
            entry -> {
              entry.body = Arrays.copyOf(entry.body, entry.body.length - 9);
              entry.packed = entry.body.length;
            });
    assertStart(ARRAY + "cut short, expected 93 bytes, got ", () -> read(zip));
  }

  @Test
  void deflatedEntryWithLessThanItClaims() {
    byte[] zip =
        craft(DEFLATED, entry -> entry.size = 113, CraftedZip.npy("|u1", "(47,)", new byte[27]));
    assertStart(ARRAY + "cut short, expected 113 bytes, got ", () -> read(zip));
  }

  @Test
  void deflatedEntryWithMoreThanItClaims() {
    byte[] zip =
        craft(DEFLATED, entry -> entry.size = 83, CraftedZip.npy("|u1", "(17,)", new byte[27]));
    assertMessage(ARRAY + "expected 83 bytes, got more", () -> read(zip));
  }

  @Test
  void notDeflated() {
    byte[] zip =
        craft(
            DEFLATED,
            entry -> {
              entry.body = new byte[50];
              Arrays.fill(entry.body, (byte) 0xff);
              entry.packed = 50;
            });
    assertStart(ARRAY + "damaged: ", () -> read(zip));
  }

  @Test
  void wrongChecksum() {
    for (int method : new int[] {STORED, DEFLATED}) {
      byte[] zip = craft(method, entry -> entry.crc = 0x1234);
      assertStart(ARRAY + "damaged, expected CRC 00001234, got ", () -> read(zip));
    }
  }

  @Test
  void lessOrMoreThanTheHeaderSays() {
    byte[] less = CraftedZip.of(STORED, CraftedZip.npy("<f4", "(3, 4)", new byte[44]));
    String says = ARRAY + "header says <f4 (3, 4), expected 48 bytes of data, got ";
    assertMessage(says + "44", () -> read(less));
    byte[] more = CraftedZip.of(DEFLATED, CraftedZip.npy("<f4", "(3, 4)", new byte[49]));
    assertMessage(says + "49", () -> read(more));
    assertMessage(says + "49", () -> header(more));
  }

  @Test
  void notANpy() {
    assertMessage(
        ARRAY + "not a .npy: does not start with \\x93NUMPY",
        () -> read(CraftedZip.of(STORED, "hello world".getBytes(StandardCharsets.US_ASCII))));
    assertMessage(
        ARRAY + "cut short, expected 5 bytes, got 5",
        () -> read(CraftedZip.of(STORED, new byte[5])));
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "1, 1", "4, 0", "255, 0"})
  void unknownVersion(int major, int minor) {
    byte[] npy = CraftedZip.npy("<f4", "()", new byte[4]);
    npy[6] = (byte) major;
    npy[7] = (byte) minor;
    assertMessage(
        ARRAY + "expected format version 1.0, 2.0 or 3.0, got %d.%d".formatted(major, minor),
        () -> read(CraftedZip.of(STORED, npy)));
  }

  @Test
  void headerTooLong() {
    byte[] beyondEntry = CraftedZip.npy("<f4", "()", new byte[4]);
    beyondEntry[9] = 0x40;
    assertStart(
        ARRAY + "expected a header of at most ", () -> read(CraftedZip.of(STORED, beyondEntry)));
    byte[] endless = CraftedZip.npy(" ".repeat(60_000), new byte[2_000_000]);
    endless[6] = 2;
    endless[10] = 32; // the length now has four bytes: 0x2020....
    endless[11] = 32;
    assertStart(
        ARRAY + "expected a header of at most 1048576 bytes, got one of ",
        () -> read(CraftedZip.of(DEFLATED, endless)));
  }

  @Test
  void headerThatIsNone() {
    assertMessage(
        ARRAY + "header: key 'fortran_order' is missing",
        () -> read(CraftedZip.of(STORED, CraftedZip.npy("{'descr': '<f4'}"))));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "object     | dtype '|O'",
        "structured | structured dtype [('x', '<f4'), ('y', '<i4')]",
        "bool       | dtype '|b1'",
        "complex    | dtype '<c16'",
        "longdouble | dtype '<f16'",
        "date       | dtype '<M8[D]'",
      })
  void unsupportedDtypes(String name, String what) throws IOException {
    try (NpzReader reader = Resources.open("unsupported.npz")) {
      String start = "unsupported.npz: array '%s': header: %s".formatted(name, what);
      assertStart(start, "is not supported", () -> reader.read(name));
      assertStart(start, "is not supported", () -> reader.header(name));
      assertEquals(1, reader.read("fine").size());
      assertArrayEquals(new short[2], reader.read("void").shorts());
      assertArrayEquals(new String[] {"abc"}, reader.read("text").strings());
      assertArrayEquals(new String[] {"abc"}, reader.read("bytes").strings());
    }
  }

  // Memory

  @Test
  void elementsThatAreNotThere() {
    byte[] npy = CraftedZip.npy("<f4", "(1099511627776,)", new byte[4]);
    for (int method : new int[] {STORED, DEFLATED}) {
      assertAllocatesLittle(
          ARRAY + "header says <f4 (1099511627776,), expected 4398046511104 bytes of data, got 4",
          CraftedZip.of(method, npy));
    }
  }

  @Test
  void claimThatOnlyInflatingDisproves() {
    // 600 MB from 600 KB is possible, but it does not come
    byte[] npy = CraftedZip.npy("<f4", "(150000000,)", new byte[40_000]);
    byte[] zip =
        craft(
            DEFLATED,
            entry -> {
              entry.size = npy.length - 40_000 + 600_000_000L;
              entry.packed = 600_000;
              entry.body = Arrays.copyOf(entry.body, 600_000);
            },
            npy);
    assertAllocatesLittle(ARRAY + "cut short, expected 600", zip);
  }

  @Test
  void moreElementsThanAnArrayHolds() {
    byte[] npy = CraftedZip.npy("|i1", "(2147483640,)");
    assertAllocatesLittle(
        ARRAY
            + "expected at most 2147483639 elements, what a Java array holds, got |i1"
            + " (2147483640,)",
        bomb(npy, 2147483640L));
  }

  @Test
  void arrayThatDoesNotFitTheHeap() {
    byte[] npy = CraftedZip.npy("|i1", "(2147483639,)");
    assumeTrue(Runtime.getRuntime().maxMemory() < 12L << 30);
    assertAllocatesLittle(
        ARRAY + "|i1 (2147483639,) needs 12.0 GiB of free heap, this JVM may use ",
        bomb(npy, 2147483639L));
    NpzFormatException e =
        assertThrows(NpzFormatException.class, () -> read(bomb(npy, 2147483639L)));
    assertTrue(e.getMessage().endsWith(" in all; -Xmx raises that"), e.getMessage());
  }

  /** An entry whose claim is just possible for what it has in the file. */
  private static byte[] bomb(byte[] npy, long dataBytes) {
    return craft(
        DEFLATED,
        entry -> {
          entry.size = npy.length + dataBytes;
          entry.packed = entry.size / 1032 + 1;
          entry.body = Arrays.copyOf(entry.body, (int) entry.packed);
        },
        npy);
  }

  private void assertAllocatesLittle(String messageStart, byte[] zip) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    Path file = folder.resolve("bomb.npz");
    try (NpzReader reader = NpzReader.open(Files.write(file, zip))) {
      long before = threads.getCurrentThreadAllocatedBytes();
      NpzFormatException e = assertThrows(NpzFormatException.class, () -> reader.read("a"));
      long allocated = threads.getCurrentThreadAllocatedBytes() - before;
      String message = e.getMessage().replace(file.toString(), "x.npz");
      assertTrue(message.startsWith(messageStart), message);
      assertTrue(allocated < 4_000_000, "allocated " + allocated);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] craft(int method, Consumer<CraftedZip.Entry> lie) {
    return craft(method, lie, CraftedZip.npy("|u1", "(27,)", new byte[27]));
  }

  private static byte[] craft(int method, Consumer<CraftedZip.Entry> lie, byte[] npy) {
    CraftedZip.Entry entry = new CraftedZip.Entry("a.npy", method, npy);
    lie.accept(entry);
    return new CraftedZip().add(entry).bytes();
  }

  private static NpzReader open(byte[] zip) throws IOException {
    return NpzReader.open("x.npz", zip);
  }

  private static void read(byte[] zip) throws IOException {
    try (NpzReader reader = open(zip)) {
      reader.read("a");
    }
  }

  private static void header(byte[] zip) throws IOException {
    try (NpzReader reader = open(zip)) {
      reader.header("a");
    }
  }

  private static void assertMessage(String message, Executable call) {
    assertMessage(NpzFormatException.class, message, call);
  }

  private static void assertMessage(
      Class<? extends IOException> type, String message, Executable call) {
    assertEquals(message, assertThrows(type, call).getMessage());
  }

  private static void assertStart(String start, Executable call) {
    assertStart(start, "", call);
  }

  private static void assertStart(String start, String part, Executable call) {
    String message = assertThrows(NpzFormatException.class, call).getMessage();
    assertTrue(message.startsWith(start) && message.contains(part), message);
    assertFalse(message.contains("\n"), message);
  }
}
