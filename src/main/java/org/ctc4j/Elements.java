package org.ctc4j;

import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.util.Arrays;
import java.util.Objects;

/**
 * A run of numbers in the caller's memory, indexed from 0 by 64-bit index: an array, a buffer on or
 * off the heap, or several buffers in a row. A view; nothing is copied. Not thread-safe in itself:
 * concurrent reads are, and so are writes of different elements.
 *
 * <p>A buffer counts from its position to its limit, both as they are when it is wrapped.
 */
public abstract sealed class Elements {
  private static final long MOST_IN_ONE_PIECE = 1L << 30;

  private final ElementType type;
  private final long length;
  private final boolean isWritable;
  private final Object storage;
  private final Object memory; // null of pieces
  private final long memoryOffset;

  private Elements(ElementType type, Buffer buffer, Object storage) {
    this.type = type;
    this.length = buffer.remaining();
    this.isWritable = !buffer.isReadOnly();
    this.storage = storage;
    this.memory = buffer.hasArray() ? buffer.array() : buffer;
    this.memoryOffset = buffer.position() + (buffer.hasArray() ? buffer.arrayOffset() : 0);
  }

  /** Of pieces. */
  private Elements(ElementType type, long length, boolean isWritable) {
    this.type = type;
    this.length = length;
    this.isWritable = isWritable;
    this.storage = null;
    this.memory = null;
    this.memoryOffset = 0;
  }

  /** float32 on the heap. */
  public static Elements of(float[] array) {
    return new Floats(FloatBuffer.wrap(array), array);
  }

  /** float64 on the heap. */
  public static Elements of(double[] array) {
    return new Doubles(DoubleBuffer.wrap(array), array);
  }

  /** float32 in a buffer, heap or direct. */
  public static Elements of(FloatBuffer buffer) {
    return new Floats(buffer, buffer.slice());
  }

  /** float64 in a buffer, heap or direct. */
  public static Elements of(DoubleBuffer buffer) {
    return new Doubles(buffer, buffer.slice());
  }

  /** IEEE float16, as bit patterns in a buffer, heap or direct. */
  public static Elements float16(ShortBuffer buffer) {
    return new Halves(ElementType.FLOAT16, buffer);
  }

  /** bfloat16, as bit patterns in a buffer, heap or direct. */
  public static Elements bfloat16(ShortBuffer buffer) {
    return new Halves(ElementType.BFLOAT16, buffer);
  }

  /** IEEE float16, as bit patterns on the heap. */
  public static Elements float16(short[] array) {
    return float16(ShortBuffer.wrap(array));
  }

  /** bfloat16, as bit patterns on the heap. */
  public static Elements bfloat16(short[] array) {
    return bfloat16(ShortBuffer.wrap(array));
  }

  /**
   * Bytes of a buffer, heap or direct, as numbers of a type, in the byte order that the buffer has:
   * BIG_ENDIAN unless it was set otherwise.
   *
   * @throws InvalidInputException if the bytes are no whole number of elements
   */
  public static Elements of(ByteBuffer buffer, ElementType type) {
    if (buffer.remaining() % type.bytes() != 0) {
      throw new InvalidInputException(
          "buffer: expected a multiple of %d bytes, for %s, got %d"
              .formatted(type.bytes(), type, buffer.remaining()));
    }
    return switch (type) {
      case FLOAT64 -> of(buffer.asDoubleBuffer());
      case FLOAT32 -> of(buffer.asFloatBuffer());
      case FLOAT16 -> float16(buffer.asShortBuffer());
      case BFLOAT16 -> bfloat16(buffer.asShortBuffer());
    };
  }

  /**
   * Several pieces in a row, for more elements than one array or buffer holds (2<sup>31</sup>).
   *
   * @param pieces all of one type and, but for the last, of one length
   */
  public static Elements concatenation(Elements... pieces) {
    return new Pieces(pieces.clone());
  }

  /**
   * Zeros on the heap, in one array or, past its limit, in several.
   *
   * @param length at least 0, and no more than the whole heap has room for
   */
  public static Elements allocate(ElementType type, long length) {
    HeapRoom.require("length", length, type.bytes());
    long piece = MOST_IN_ONE_PIECE;
    if (length <= piece) {
      int n = (int) length;
      return switch (type) {
        case FLOAT64 -> of(new double[n]);
        case FLOAT32 -> of(new float[n]);
        case FLOAT16 -> float16(ShortBuffer.allocate(n));
        case BFLOAT16 -> bfloat16(ShortBuffer.allocate(n));
      };
    }
    Elements[] pieces = new Elements[Math.toIntExact((length + piece - 1) / piece)];
    for (int i = 0; i < pieces.length; i++) {
      pieces[i] = allocate(type, Math.min(piece, length - i * piece));
    }
    return concatenation(pieces);
  }

  /** How each number is stored. */
  public final ElementType type() {
    return type;
  }

  /** How many numbers there are. */
  public final long length() {
    return length;
  }

  /** Whether {@link #set} may be called. */
  public final boolean isWritable() {
    return isWritable;
  }

  /**
   * What holds the numbers: the {@code float[]} or {@code double[]} itself, or a buffer that shares
   * its content with the given one and whose index 0 is element 0; null for a {@linkplain
   * #concatenation concatenation}.
   */
  public final Object storage() {
    return storage;
  }

  /** Element {@code index}, widened exactly. */
  public abstract double get(long index);

  /** Stores {@code value}, rounded to nearest, ties to even, at {@code index}. */
  public abstract void set(long index, double value);

  /**
   * Reads {@code count} elements, {@code index}, {@code index + stride}, …, as float32. Exact for
   * all types but float64, which is rounded.
   */
  public void read(long index, long stride, float[] into, int from, int count) {
    for (int i = 0; i < count; i++) {
      into[from + i] = (float) get(index + i * stride);
    }
  }

  /** Stores {@code count} float32 numbers at {@code index}, {@code index + stride}, …, rounded. */
  public void write(long index, long stride, float[] values, int from, int count) {
    for (int i = 0; i < count; i++) {
      set(index + i * stride, values[from + i]);
    }
  }

  /**
   * A copy as float32, exact but for float64, which is rounded.
   *
   * @throws InvalidInputException if there are more than 2<sup>30</sup> elements
   */
  public final float[] toFloatArray() {
    if (length > MOST_IN_ONE_PIECE) {
      throw new InvalidInputException(
          "expected at most %d elements for an array, got %d".formatted(MOST_IN_ONE_PIECE, length));
    }
    HeapRoom.require("elements", length, Float.BYTES);
    float[] array = new float[(int) length];
    read(0, 1, array, 0, array.length);
    return array;
  }

  /** How many of what type: "16800 of FLOAT32". */
  @Override
  public final String toString() {
    return length + " of " + type;
  }

  /**
   * Whether elements [first, last] of this and [otherFirst, otherLast] of {@code other} are known
   * to overlap. Of buffers without an accessible array, which are the direct and the read-only
   * ones, that is known of the same buffer alone, not of two views of one memory.
   */
  boolean overlaps(long first, long last, Elements other, long otherFirst, long otherLast) {
    return other instanceof Pieces
        ? other.overlaps(otherFirst, otherLast, this, first, last)
        : memory == other.memory
            && memoryOffset + first <= other.memoryOffset + otherLast
            && other.memoryOffset + otherFirst <= memoryOffset + last;
  }

  private static final class Floats extends Elements {
    private final FloatBuffer buffer;

    Floats(FloatBuffer buffer, Object storage) {
      super(ElementType.FLOAT32, buffer, storage);
      this.buffer = buffer.slice();
    }

    @Override
    public double get(long index) {
      return buffer.get(Math.toIntExact(index));
    }

    @Override
    public void set(long index, double value) {
      buffer.put(Math.toIntExact(index), (float) value);
    }

    @Override
    public void read(long index, long stride, float[] into, int from, int count) {
      if (stride == 1) {
        buffer.get(Math.toIntExact(index), into, from, count);
      } else {
        super.read(index, stride, into, from, count);
      }
    }

    @Override
    public void write(long index, long stride, float[] values, int from, int count) {
      if (stride == 1) {
        buffer.put(Math.toIntExact(index), values, from, count);
      } else {
        super.write(index, stride, values, from, count);
      }
    }
  }

  private static final class Doubles extends Elements {
    private final DoubleBuffer buffer;

    Doubles(DoubleBuffer buffer, Object storage) {
      super(ElementType.FLOAT64, buffer, storage);
      this.buffer = buffer.slice();
    }

    @Override
    public double get(long index) {
      return buffer.get(Math.toIntExact(index));
    }

    @Override
    public void set(long index, double value) {
      buffer.put(Math.toIntExact(index), value);
    }
  }

  private static final class Halves extends Elements {
    private final ShortBuffer buffer;
    private final boolean ieee;

    Halves(ElementType type, ShortBuffer buffer) {
      super(type, buffer, buffer.slice());
      this.buffer = buffer.slice();
      this.ieee = type == ElementType.FLOAT16;
    }

    @Override
    public double get(long index) {
      short bits = buffer.get(Math.toIntExact(index));
      return ieee ? HalfPrecision.float16ToFloat(bits) : HalfPrecision.bfloat16ToFloat(bits);
    }

    @Override
    public void set(long index, double value) {
      float single = HalfPrecision.toFloatForHalf(value);
      short bits =
          ieee ? HalfPrecision.floatToFloat16(single) : HalfPrecision.floatToBfloat16(single);
      buffer.put(Math.toIntExact(index), bits);
    }
  }

  private static final class Pieces extends Elements {
    private final Elements[] pieces;
    private final long pieceLength;

    Pieces(Elements[] pieces) {
      super(check(pieces), total(pieces), Arrays.stream(pieces).allMatch(Elements::isWritable));
      this.pieces = pieces;
      this.pieceLength = pieces[0].length();
    }

    private static ElementType check(Elements[] pieces) {
      if (pieces.length == 0) {
        throw new InvalidInputException("pieces: expected at least one");
      }
      Elements first = Objects.requireNonNull(pieces[0], "pieces[0]");
      for (int i = 1; i < pieces.length; i++) {
        boolean last = i == pieces.length - 1;
        if (pieces[i].type() != first.type()
            || pieces[i].length() > first.length()
            || !last && pieces[i].length() != first.length()) {
          throw new InvalidInputException(
              "pieces: piece %d has %d elements of %s, expected %s%d of %s"
                  .formatted(
                      i,
                      pieces[i].length(),
                      pieces[i].type(),
                      last ? "at most " : "",
                      first.length(),
                      first.type()));
        }
      }
      return first.type();
    }

    @Override
    boolean overlaps(long first, long last, Elements other, long otherFirst, long otherLast) {
      for (int i = 0; i < pieces.length; i++) {
        long start = i * pieceLength;
        long from = Math.max(first - start, 0);
        long to = Math.min(last - start, pieces[i].length() - 1);
        if (from <= to && pieces[i].overlaps(from, to, other, otherFirst, otherLast)) {
          return true;
        }
      }
      return false;
    }

    private static long total(Elements[] pieces) {
      return (pieces.length - 1) * pieces[0].length() + pieces[pieces.length - 1].length();
    }

    @Override
    public double get(long index) {
      return pieces[(int) (index / pieceLength)].get(index % pieceLength);
    }

    @Override
    public void set(long index, double value) {
      pieces[(int) (index / pieceLength)].set(index % pieceLength, value);
    }

    @Override
    public void read(long index, long stride, float[] into, int from, int count) {
      long offset = index % pieceLength;
      if (stride == 1 && offset + count <= pieceLength) {
        pieces[(int) (index / pieceLength)].read(offset, 1, into, from, count);
      } else {
        super.read(index, stride, into, from, count);
      }
    }

    @Override
    public void write(long index, long stride, float[] values, int from, int count) {
      long offset = index % pieceLength;
      if (stride == 1 && offset + count <= pieceLength) {
        pieces[(int) (index / pieceLength)].write(offset, 1, values, from, count);
      } else {
        super.write(index, stride, values, from, count);
      }
    }
  }
}
