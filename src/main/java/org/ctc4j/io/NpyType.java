package org.ctc4j.io;

import java.util.regex.Pattern;

/**
 * The element types that are read, and the size of an element in the file and on the heap; of
 * strings, that of a character.
 */
enum NpyType {
  FLOAT16("f2", Short.BYTES, Short.BYTES),
  FLOAT32("f4", Float.BYTES, Float.BYTES),
  FLOAT64("f8", Double.BYTES, Double.BYTES),
  INT8("i1", 1, Integer.BYTES),
  INT16("i2", Short.BYTES, Short.BYTES),
  INT32("i4", Integer.BYTES, Integer.BYTES),
  INT64("i8", Long.BYTES, Long.BYTES),
  UINT8("u1", 1, Integer.BYTES),
  UINT16("u2", Short.BYTES, Short.BYTES),
  UINT32("u4", Integer.BYTES, Long.BYTES),
  UINT64("u8", Long.BYTES, Long.BYTES),
  /** 16 bits of unknown meaning: what NumPy writes for the bfloat16 of ml_dtypes. */
  BITS16("V2", Short.BYTES, Short.BYTES),
  /** So many characters, as NumPy's {@code str} arrays have them. */
  UNICODE("U", Integer.BYTES, Integer.BYTES),
  /** So many bytes. */
  BYTES("S", 1, 1);

  private static final Pattern TEXT = Pattern.compile("[<>|](?:U|S)([1-9][0-9]{0,8})");

  private final String code;
  final int fileBytes;
  final int heapBytes;

  NpyType(String code, int fileBytes, int heapBytes) {
    this.code = code;
    this.fileBytes = fileBytes;
    this.heapBytes = heapBytes;
  }

  /** The type that a description such as {@code <f4} stands for, null if it is none of these. */
  static NpyType of(String descr) {
    if (TEXT.matcher(descr).matches()) {
      return descr.charAt(1) == 'S' ? BYTES : descr.charAt(0) == '|' ? null : UNICODE;
    }
    for (NpyType type : values()) {
      if (descr.length() == 3 && descr.endsWith(type.code)) {
        char order = descr.charAt(0);
        boolean hasNone = type.fileBytes == 1 || type == BITS16;
        boolean orderFits = order == '<' || order == '>' || order == '|' && hasNone;
        return orderFits ? type : null;
      }
    }
    return null;
  }

  boolean isText() {
    return this == UNICODE || this == BYTES;
  }

  /** Bytes of an element in the file. */
  static long elementBytes(String descr) {
    NpyType type = of(descr);
    return type.isText()
        ? (long) type.fileBytes * Integer.parseInt(descr.substring(2))
        : type.fileBytes;
  }
}
