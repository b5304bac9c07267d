package org.ctc4j.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.LongConsumer;

/** Reads the data of a {@code .npy} into a Java array, piece by piece. */
final class NpyDataReader {
  /** What a JVM lets one array have. */
  static final int MOST_ELEMENTS = Integer.MAX_VALUE - 8;

  private static final int CHUNK_BYTES = 1 << 16;

  private final EntryInput in;
  private final NpyHeader header;
  private final NpyType type;
  private final long size;
  private final ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES);

  NpyDataReader(EntryInput in, NpyHeader header) {
    this.in = in;
    this.header = header;
    this.type = header.type();
    this.size = header.size();
    chunk.order(header.bigEndian() ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Reads all.
   *
   * @param proven bytes that the file is known to have for this array. Memory for as many is taken
   *     at once; beyond it what is held doubles as the bytes come, because a small deflated entry
   *     may claim a thousand times its size.
   * @param bytesRead told the bytes of data read so far, null for none
   */
  Object read(long proven, LongConsumer bytesRead) throws IOException {
    if (size > MOST_ELEMENTS) {
      throw in.refuse(
          "expected at most %d elements, what a Java array holds, got %s"
              .formatted(MOST_ELEMENTS, header));
    }
    if (type.isText()) {
      return new NpyTextReader(in, header).read();
    }
    int halvings = 0;
    while (held(halvings) * type.fileBytes > Math.max(proven, CHUNK_BYTES)) {
      halvings++;
    }
    long needed = size * type.heapBytes;
    if (halvings > 0) {
      needed += needed / 2; // the last half while it is copied into the whole
    }
    if (needed > Runtime.getRuntime().maxMemory()) {
      throw tooLarge(needed);
    }
    try {
      return read(halvings, bytesRead);
    } catch (OutOfMemoryError e) { // of the array, which is let go, so the JVM is well
      throw tooLarge(needed);
    }
  }

  private Object read(int halvings, LongConsumer bytesRead) throws IOException {
    int capacity = (int) held(halvings);
    Object data = allocate(capacity);
    int done = 0;
    while (done < size) {
      if (done == capacity) {
        halvings--;
        capacity = (int) held(halvings);
        Object larger = allocate(capacity);
        System.arraycopy(data, 0, larger, 0, done);
        data = larger;
      }
      int count = Math.min(CHUNK_BYTES / type.fileBytes, capacity - done);
      in.fill(chunk.array(), count * type.fileBytes);
      decode(data, done, count);
      done += count;
      if (bytesRead != null) {
        bytesRead.accept((long) done * type.fileBytes);
      }
    }
    return data;
  }

  /** Elements of the whole, halved so often, rounded up. */
  private long held(int halvings) {
    return (size + (1L << halvings) - 1) >> halvings;
  }

  private NpzFormatException tooLarge(long needed) {
    return in.refuse(
        "%s needs %s of free heap, this JVM may use %s in all; -Xmx raises that"
            .formatted(
                Text.brief(header.toString()),
                Text.bytes(needed),
                Text.bytes(Runtime.getRuntime().maxMemory())));
  }

  private Object allocate(int count) {
    return switch (type) {
      case FLOAT64 -> new double[count];
      case FLOAT32 -> new float[count];
      case FLOAT16, INT16, UINT16, BITS16 -> new short[count];
      case INT8, UINT8, INT32 -> new int[count];
      case UINT32, INT64, UINT64 -> new long[count];
      case UNICODE, BYTES -> throw new IllegalStateException("strings have a reader of their own");
    };
  }

  private void decode(Object data, int offset, int count) throws NpzFormatException {
    switch (type) {
      case FLOAT64 -> chunk.asDoubleBuffer().get((double[]) data, offset, count);
      case FLOAT32 -> chunk.asFloatBuffer().get((float[]) data, offset, count);
      case FLOAT16, INT16, UINT16, BITS16 ->
          chunk.asShortBuffer().get((short[]) data, offset, count);
      case INT32 -> chunk.asIntBuffer().get((int[]) data, offset, count);
      case INT64 -> chunk.asLongBuffer().get((long[]) data, offset, count);
      case INT8, UINT8 -> {
        int[] ints = (int[]) data;
        int mask = type == NpyType.UINT8 ? 0xff : -1;
        for (int i = 0; i < count; i++) {
          ints[offset + i] = chunk.get(i) & mask;
        }
      }
      case UINT32 -> {
        long[] longs = (long[]) data;
        for (int i = 0; i < count; i++) {
          longs[offset + i] = chunk.getInt(i * Integer.BYTES) & 0xffffffffL;
        }
      }
      case UNICODE, BYTES -> throw new IllegalStateException("strings have a reader of their own");
      case UINT64 -> {
        long[] longs = (long[]) data;
        chunk.asLongBuffer().get(longs, offset, count);
        for (int i = offset; i < offset + count; i++) {
          if (longs[i] < 0) {
            throw in.refuse(
                "element %d is %s, expected at most 2^63 - 1"
                    .formatted(i, Long.toUnsignedString(longs[i])));
          }
        }
      }
    }
  }
}
