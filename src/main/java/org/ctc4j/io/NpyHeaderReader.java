package org.ctc4j.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.util.Arrays;

/** Reads the start of a {@code .npy}, up to its data. */
final class NpyHeaderReader {
  static final byte[] MAGIC = "\u0093NUMPY".getBytes(StandardCharsets.ISO_8859_1);
  private static final int LONGEST_HEADER = 1 << 20;

  private NpyHeaderReader() {}

  static NpyHeader read(EntryInput in) throws IOException {
    byte[] magic = in.bytes(MAGIC.length);
    if (!Arrays.equals(magic, MAGIC)) {
      throw in.refuse("not a .npy: does not start with \\x93NUMPY");
    }
    byte[] versionBytes = in.bytes(2);
    int version = versionBytes[0];
    if (version < 1 || version > 3 || versionBytes[1] != 0) {
      throw in.refuse(
          "expected format version 1.0, 2.0 or 3.0, got %d.%d"
              .formatted(versionBytes[0] & 0xff, versionBytes[1] & 0xff));
    }
    String text = headerText(in, version);
    NpyHeader header;
    try {
      header = NpyHeaderParser.parse(text, version);
    } catch (ParseException e) {
      throw in.refuse("header: " + e.getMessage());
    }
    if (header.dataBytes() != in.remaining()) {
      throw in.refuse(
          "header says %s, expected %d bytes of data, got %d"
              .formatted(Text.brief(header.toString()), header.dataBytes(), in.remaining()));
    }
    return header;
  }

  private static String headerText(EntryInput in, int version) throws IOException {
    long length =
        version == 1
            ? littleEndian(in.bytes(Short.BYTES)).getShort() & 0xffff
            : littleEndian(in.bytes(Integer.BYTES)).getInt() & 0xffffffffL;
    if (length > LONGEST_HEADER || length > in.remaining()) {
      throw in.refuse(
          "expected a header of at most %d bytes, got one of %d"
              .formatted(Math.min(LONGEST_HEADER, in.remaining()), length));
    }
    Charset charset = version == 3 ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1;
    return new String(in.bytes((int) length), charset);
  }

  private static ByteBuffer littleEndian(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
