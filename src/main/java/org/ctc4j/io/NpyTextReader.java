package org.ctc4j.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Reads the strings of a {@code .npy}, each as long as the longest of them. */
final class NpyTextReader {
  private static final int MOST_BYTES = Integer.MAX_VALUE - 8; // of a Java array
  private static final int HEAP_BYTES = 64; // of a string beside its characters

  private final EntryInput in;
  private final NpyHeader header;
  private final long elementBytes;

  NpyTextReader(EntryInput in, NpyHeader header) {
    this.in = in;
    this.header = header;
    this.elementBytes = NpyType.elementBytes(header.dtype());
  }

  String[] read() throws IOException {
    long heap = Runtime.getRuntime().maxMemory();
    if (elementBytes > Math.min(heap / 4, MOST_BYTES)
        || header.size() > heap / (elementBytes + HEAP_BYTES)) {
      throw in.refuse(
          "%s does not fit into the %s that this JVM may use in all; -Xmx raises that"
              .formatted(Text.brief(header.toString()), Text.bytes(heap)));
    }
    List<String> strings = new ArrayList<>(); // grows as they come
    for (long i = 0; i < header.size(); i++) {
      byte[] bytes = in.bytes((int) elementBytes);
      String string = isBytes() ? utf8(bytes) : utf32(bytes);
      if (string == null) {
        throw in.refuse("element " + i + " is no " + (isBytes() ? "UTF-8" : "Unicode text"));
      }
      strings.add(string);
    }
    return strings.toArray(String[]::new);
  }

  private boolean isBytes() {
    return header.type() == NpyType.BYTES;
  }

  private static String utf8(byte[] bytes) {
    int length = bytes.length;
    while (length > 0 && bytes[length - 1] == 0) {
      length--;
    }
    try {
      ByteBuffer used = ByteBuffer.wrap(bytes, 0, length);
      return StandardCharsets.UTF_8.newDecoder().decode(used).toString();
    } catch (CharacterCodingException e) {
      return null;
    }
  }

  private String utf32(byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    buffer.order(header.bigEndian() ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
    int length = bytes.length / Integer.BYTES;
    while (length > 0 && buffer.getInt((length - 1) * Integer.BYTES) == 0) {
      length--;
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      int c = buffer.getInt(i * Integer.BYTES);
      if (!Character.isValidCodePoint(c) || Character.getType(c) == Character.SURROGATE) {
        return null;
      }
      text.appendCodePoint(c);
    }
    return text.toString();
  }
}
