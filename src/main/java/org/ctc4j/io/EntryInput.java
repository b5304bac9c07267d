package org.ctc4j.io;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.CRC32;
import java.util.zip.ZipException;

/** The bytes of one entry, counted and summed up; what is wrong with them becomes one message. */
final class EntryInput implements Closeable {
  /** Of what has no checksum. */
  static final long NO_CRC = -1;

  private final InputStream in;
  private final String where;
  private final long size;
  private final long expectedCrc;
  private final CRC32 crc = new CRC32();
  private long position;

  /**
   * @param where starts every message: the file and the array
   * @param size bytes that the entry claims to have
   */
  EntryInput(InputStream in, String where, long size, long expectedCrc) {
    this.in = in;
    this.where = where;
    this.size = size;
    this.expectedCrc = expectedCrc;
  }

  /** Bytes that should still come. */
  long remaining() {
    return size - position;
  }

  byte[] bytes(int count) throws IOException {
    byte[] bytes = new byte[count];
    fill(bytes, count);
    return bytes;
  }

  /** Reads the first {@code count} bytes of {@code buffer}, all of them. */
  void fill(byte[] buffer, int count) throws IOException {
    int filled = 0;
    while (filled < count) {
      int got = read(buffer, filled, count - filled);
      if (got <= 0) { // 0: nothing more can come from a stream that is at odds with itself
        throw new NpzFormatException(
            "%s: cut short, expected %d bytes, got %d".formatted(where, size, position));
      }
      filled += got;
      position += got;
    }
    crc.update(buffer, 0, count);
  }

  /** Makes sure that nothing follows and that the checksum is right. */
  void finish() throws IOException {
    if (read(new byte[1], 0, 1) > 0) {
      throw new NpzFormatException("%s: expected %d bytes, got more".formatted(where, position));
    }
    if (expectedCrc != NO_CRC && crc.getValue() != expectedCrc) {
      throw new NpzFormatException(
          "%s: damaged, expected CRC %08x, got %08x".formatted(where, expectedCrc, crc.getValue()));
    }
  }

  private int read(byte[] buffer, int offset, int length) throws IOException {
    try {
      return in.read(buffer, offset, length);
    } catch (EOFException e) {
      return -1;
    } catch (ZipException e) {
      throw new NpzFormatException(where + ": damaged: " + Text.cause(e), e);
    } catch (IOException e) {
      throw Text.unreadable(where, e);
    }
  }

  NpzFormatException refuse(String message) {
    return new NpzFormatException(where + ": " + message);
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
