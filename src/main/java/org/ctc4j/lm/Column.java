package org.ctc4j.lm;

import java.nio.ByteBuffer;
import java.nio.IntBuffer;

/**
 * Numbers of 32 bits, in arrays or in a file that is mapped, which takes pieces of less than 2 GiB.
 *
 * @param chunks all but the last of {@link #CHUNK} numbers
 */
record Column(IntBuffer[] chunks) {
  private static final int SHIFT = 28;
  static final int CHUNK = 1 << SHIFT;

  static Column of(int[] numbers) {
    IntBuffer[] chunks = new IntBuffer[(numbers.length + CHUNK - 1) / CHUNK];
    for (int k = 0; k < chunks.length; k++) {
      int start = k * CHUNK;
      chunks[k] = IntBuffer.wrap(numbers, start, Math.min(CHUNK, numbers.length - start)).slice();
    }
    return new Column(chunks);
  }

  int get(int i) {
    return chunks[i >>> SHIFT].get(i & CHUNK - 1);
  }

  /** The same of bytes. */
  record OfBytes(ByteBuffer[] chunks) {
    static OfBytes of(byte[] numbers) {
      ByteBuffer[] chunks = new ByteBuffer[(numbers.length + CHUNK - 1) / CHUNK];
      for (int k = 0; k < chunks.length; k++) {
        int start = k * CHUNK;
        chunks[k] =
            ByteBuffer.wrap(numbers, start, Math.min(CHUNK, numbers.length - start)).slice();
      }
      return new OfBytes(chunks);
    }

    int get(int i) {
      return chunks[i >>> SHIFT].get(i & CHUNK - 1) & 0xff;
    }
  }
}
