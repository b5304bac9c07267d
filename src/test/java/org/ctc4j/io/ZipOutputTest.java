package org.ctc4j.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Where numbers stop fitting an old zip. Files begin with a hole, which takes no room on a disk.
 */
class ZipOutputTest {
  private static final long LIMIT32 = 0xffffffffL;
  private static final int END = 0x06054b50;
  private static final int END64 = 0x06064b50;
  private static final int END64_LOCATOR = 0x07064b50;
  private static final int CENTRAL_HEADER = 0x02014b50;
  private static final byte[] NAME = {'a'};
  private static final byte[] DATA = {1, 2, 3};

  @TempDir Path folder;

  private FileChannel channel() throws IOException {
    return FileChannel.open(
        folder.resolve("x.zip"),
        StandardOpenOption.CREATE_NEW,
        StandardOpenOption.READ,
        StandardOpenOption.WRITE);
  }

  private static void add(ZipOutput zip) throws IOException {
    zip.begin(NAME);
    zip.write(ByteBuffer.wrap(DATA));
    zip.end();
  }

  private static ByteBuffer read(FileChannel channel, long from) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate((int) (channel.size() - from));
    while (bytes.hasRemaining()) {
      channel.read(bytes, from + bytes.position());
    }
    return bytes.flip().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** The offset of an entry. */
  @ParameterizedTest
  @ValueSource(longs = {100, LIMIT32 - 1, LIMIT32, LIMIT32 + 1, 1L << 33})
  void entriesThatBeginFarBehind(long offset) throws IOException {
    try (FileChannel channel = channel()) {
      channel.position(offset);
      try (ZipOutput zip = new ZipOutput(channel, false)) {
        add(zip);
        long table = channel.position();
        zip.finish();
        ByteBuffer header = read(channel, table);
        boolean large = offset >= LIMIT32;
        assertEquals(CENTRAL_HEADER, header.getInt(0));
        assertEquals(large ? -1 : 3, header.getInt(20), "packed");
        assertEquals(large ? -1 : 3, header.getInt(24), "size");
        assertEquals(large ? 28 : 0, header.getShort(30), "length of the extra field");
        assertEquals(large ? -1 : (int) offset, header.getInt(42), "offset");
        if (large) {
          int extra = 46 + NAME.length;
          assertEquals(1, header.getShort(extra));
          assertEquals(24, header.getShort(extra + 2));
          assertEquals(3, header.getLong(extra + 4), "size");
          assertEquals(3, header.getLong(extra + 12), "packed");
          assertEquals(offset, header.getLong(extra + 20), "offset");
        }
      }
    }
    try (ZipFile zip = new ZipFile(folder.resolve("x.zip").toFile())) {
      ZipEntry entry = zip.getEntry("a");
      assertArrayEquals(DATA, zip.getInputStream(entry).readAllBytes());
    }
  }

  /** The offset of the table of contents, its length and the number of its entries. */
  @ParameterizedTest
  @ValueSource(longs = {1000, LIMIT32 - 48, LIMIT32 - 47, LIMIT32 - 46, LIMIT32, 1L << 33})
  void aTableThatEndsFarBehind(long start) throws IOException {
    long length = 46 + NAME.length;
    try (FileChannel channel = channel();
        ZipOutput zip = new ZipOutput(channel, false)) {
      add(zip);
      channel.position(start);
      zip.finish();
      ByteBuffer end = read(channel, start + length);
      if (start + length >= LIMIT32) {
        assertEquals(56 + 20 + 22, end.remaining());
        assertEquals(END64, end.getInt());
        assertEquals(44, end.getLong());
        assertEquals(45, end.getShort());
        assertEquals(45, end.getShort());
        assertEquals(0, end.getLong(), "disks");
        assertEquals(1, end.getLong());
        assertEquals(1, end.getLong());
        assertEquals(length, end.getLong());
        assertEquals(start, end.getLong());
        assertEquals(END64_LOCATOR, end.getInt());
        assertEquals(0, end.getInt());
        assertEquals(start + length, end.getLong());
        assertEquals(1, end.getInt());
        assertEnd(end, 0xffff, -1, -1);
      } else {
        assertEnd(end, 1, (int) length, (int) start);
      }
    }
  }

  private static void assertEnd(ByteBuffer end, int count, int length, int start) {
    assertEquals(22, end.remaining());
    assertEquals(END, end.getInt());
    assertEquals(0, end.getInt(), "disks");
    assertEquals((short) count, end.getShort());
    assertEquals((short) count, end.getShort());
    assertEquals(length, end.getInt());
    assertEquals(start, end.getInt());
    assertEquals(0, end.getShort(), "length of the comment");
  }

  @Test
  void moreEntriesThan16BitsCount() throws IOException {
    try (FileChannel channel = channel();
        ZipOutput zip = new ZipOutput(channel, false)) {
      int count = 0;
      for (int most : new int[] {0xfffe, 0xffff}) {
        for (; count < most; count++) {
          zip.begin(NAME);
          zip.end();
        }
        long start = channel.position();
        zip.finish(); // again at the second time: after that comes what is looked at
        ByteBuffer end = read(channel, start + 47L * count);
        assertEquals(most == 0xfffe ? END : END64, end.getInt(0));
        assertEquals(most == 0xfffe ? 22 : 98, end.remaining());
        if (most == 0xffff) {
          assertEquals(most, end.getLong(24));
          assertEquals(most, end.getLong(32));
        }
      }
    }
  }
}
