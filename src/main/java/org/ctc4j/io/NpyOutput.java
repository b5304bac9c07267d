package org.ctc4j.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Writes a {@code .npy} of version 1.0, little-endian, into the entry that has begun. */
final class NpyOutput {
  private static final int ALIGNMENT = 64; // where NumPy has the data start, for mapping it
  private static final int CHUNK_BYTES = 1 << 16;

  private final ZipOutput zip;
  private final ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);

  NpyOutput(ZipOutput zip) {
    this.zip = zip;
  }

  /** The shape must be one of at most 64 dimensions, for the header to fit. */
  void header(NpyHeader header) throws IOException {
    String text =
        "{'descr': '%s', 'fortran_order': False, 'shape': %s, }"
            .formatted(header.dtype(), NpyHeader.describe(header.shape()));
    int before = NpyHeaderReader.MAGIC.length + 2 + Short.BYTES;
    int unpadded = before + text.length() + 1;
    int total = (unpadded + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    chunk.put(NpyHeaderReader.MAGIC).put((byte) 1).put((byte) 0);
    chunk.putShort((short) (total - before));
    chunk.put(text.getBytes(StandardCharsets.US_ASCII));
    chunk.put(" ".repeat(total - unpadded).getBytes(StandardCharsets.US_ASCII));
    chunk.put((byte) '\n');
    flush();
  }

  void doubles(double[] values) throws IOException {
    for (int done = 0; done < values.length; ) {
      int count = Math.min(room(Double.BYTES), values.length - done);
      chunk.asDoubleBuffer().put(values, done, count);
      done += advance(count, Double.BYTES);
    }
  }

  void floats(float[] values) throws IOException {
    for (int done = 0; done < values.length; ) {
      int count = Math.min(room(Float.BYTES), values.length - done);
      chunk.asFloatBuffer().put(values, done, count);
      done += advance(count, Float.BYTES);
    }
  }

  void ints(int[] values) throws IOException {
    for (int done = 0; done < values.length; ) {
      int count = Math.min(room(Integer.BYTES), values.length - done);
      chunk.asIntBuffer().put(values, done, count);
      done += advance(count, Integer.BYTES);
    }
  }

  void longs(long[] values) throws IOException {
    for (int done = 0; done < values.length; ) {
      int count = Math.min(room(Long.BYTES), values.length - done);
      chunk.asLongBuffer().put(values, done, count);
      done += advance(count, Long.BYTES);
    }
  }

  /** Hands on what is buffered. */
  void flush() throws IOException {
    chunk.flip();
    zip.write(chunk);
    chunk.clear();
  }

  /** How many elements fit the buffer, at least one. */
  private int room(int bytes) throws IOException {
    if (chunk.remaining() < bytes) {
      flush();
    }
    return chunk.remaining() / bytes;
  }

  private int advance(int count, int bytes) {
    chunk.position(chunk.position() + count * bytes);
    return count;
  }
}
