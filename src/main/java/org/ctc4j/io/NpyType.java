package org.ctc4j.io;

/** The element types that are read, and the size of an element in the file and on the heap. */
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
  UINT64("u8", Long.BYTES, Long.BYTES);

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
    for (NpyType type : values()) {
      if (descr.length() == 3 && descr.endsWith(type.code)) {
        char order = descr.charAt(0);
        boolean orderFits = order == '<' || order == '>' || order == '|' && type.fileBytes == 1;
        return orderFits ? type : null;
      }
    }
    return null;
  }
}
