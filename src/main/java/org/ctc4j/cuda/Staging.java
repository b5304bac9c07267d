package org.ctc4j.cuda;

import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.ShortBuffer;
import java.util.function.Supplier;

/**
 * Pinned host memory that grows, seen as numbers of any type. Nothing may be under way to or from
 * it when it grows. The context must be current.
 */
final class Staging implements AutoCloseable {
  private PinnedMemory memory;
  private ByteBuffer bytes;
  private FloatBuffer floats;
  private DoubleBuffer doubles;
  private IntBuffer ints;
  private ShortBuffer shorts;

  /** Makes room for {@code size} bytes; what was there is lost. */
  void reserve(int size, Supplier<String> doing) {
    if (memory != null && memory.bytes() >= size) {
      return;
    }
    close();
    memory = new PinnedMemory(Math.max(1, size), doing);
    bytes = memory.buffer();
    floats = bytes.asFloatBuffer();
    doubles = bytes.asDoubleBuffer();
    ints = bytes.asIntBuffer();
    shorts = bytes.asShortBuffer();
  }

  PinnedMemory memory() {
    return memory;
  }

  ByteBuffer bytes() {
    return bytes;
  }

  FloatBuffer floats() {
    return floats;
  }

  DoubleBuffer doubles() {
    return doubles;
  }

  IntBuffer ints() {
    return ints;
  }

  ShortBuffer shorts() {
    return shorts;
  }

  @Override
  public void close() {
    if (memory != null) {
      memory.close();
      memory = null;
    }
  }
}
