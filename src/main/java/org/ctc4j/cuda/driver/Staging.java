package org.ctc4j.cuda.driver;

import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.ShortBuffer;
import java.util.function.Supplier;
import org.ctc4j.ElementType;
import org.ctc4j.Elements;

/**
 * Pinned host memory that grows, seen as numbers of any type. Nothing may be under way to or from
 * it when it grows. The context must be current.
 */
public final class Staging implements AutoCloseable {
  private PinnedMemory memory;
  private ByteBuffer bytes;
  private FloatBuffer floats;
  private DoubleBuffer doubles;
  private IntBuffer ints;
  private ShortBuffer shorts;

  /** Makes room for {@code size} bytes; what was there is lost. */
  public void reserve(int size, Supplier<String> doing) {
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

  public PinnedMemory memory() {
    return memory;
  }

  public ByteBuffer bytes() {
    return bytes;
  }

  /** As numbers of a type, 16-bit ones as bits. */
  public Buffer numbers(ElementType type) {
    return switch (type) {
      case FLOAT64 -> doubles;
      case FLOAT32 -> floats;
      case FLOAT16, BFLOAT16 -> shorts;
    };
  }

  /** The same as elements. */
  public Elements elements(ElementType type) {
    return switch (type) {
      case FLOAT64 -> Elements.of(doubles);
      case FLOAT32 -> Elements.of(floats);
      case FLOAT16 -> Elements.float16(shorts);
      case BFLOAT16 -> Elements.bfloat16(shorts);
    };
  }

  public DoubleBuffer doubles() {
    return doubles;
  }

  public IntBuffer ints() {
    return ints;
  }

  @Override
  public void close() {
    if (memory != null) {
      memory.close();
      memory = null;
    }
  }
}
