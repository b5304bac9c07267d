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
    put(
        values.length,
        Double.BYTES,
        (from, count) -> chunk.asDoubleBuffer().put(values, from, count));
  }

  void floats(float[] values) throws IOException {
    put(
        values.length,
        Float.BYTES,
        (from, count) -> chunk.asFloatBuffer().put(values, from, count));
  }

  void ints(int[] values) throws IOException {
    put(
        values.length,
        Integer.BYTES,
        (from, count) -> chunk.asIntBuffer().put(values, from, count));
  }

  void longs(long[] values) throws IOException {
    put(values.length, Long.BYTES, (from, count) -> chunk.asLongBuffer().put(values, from, count));
  }

  /** Puts some elements into the chunk, at its position, which stays. */
  private interface Part {
    void put(int from, int count);
  }

  private void put(int length, int bytes, Part part) throws IOException {
    for (int done = 0; done < length; ) {
      if (chunk.remaining() < bytes) {
        flush();
      }
      int count = Math.min(chunk.remaining() / bytes, length - done);
      part.put(done, count);
      chunk.position(chunk.position() + count * bytes);
      done += count;
    }
  }

  /** Hands on what is buffered. */
  void flush() throws IOException {
    chunk.flip();
    zip.write(chunk);
    chunk.clear();
  }
}
