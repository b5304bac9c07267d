package org.ctc4j.io;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/**
 * Writes an {@code .npz} that NumPy reads, array by array, in C order and little-endian. All goes
 * to an {@link OutputFile}; {@link #commit()} puts it in the target's place, and {@link #close()}
 * without it, or the end of the JVM, leaves what was there before and nothing else:
 *
 * <pre>{@code
 * try (NpzWriter out = NpzWriter.open(path)) {
 *   out.addFloats("grad", new long[] {frames, utterances, classes}, gradient);
 *   out.commit();
 * }
 * }</pre>
 *
 * <p>Equal calls give equal bytes (with compression: on JVMs with the same zlib). Failures to write
 * are an {@link IOException} that names the target and the cause; after one, nothing can be
 * committed. For use by one thread at a time.
 */
public final class NpzWriter implements Closeable {
  private static final int MOST_DIMENSIONS = 64; // NumPy's limit
  private static final int LONGEST_NAME = 0xffff; // of an entry, in bytes

  private final OutputTarget target;
  private final OutputFile file;
  private final ZipOutput zip;
  private final NpyOutput npy;
  private final Set<String> names = new HashSet<>();
  private boolean usable = true;
  private boolean closed;

  /** Supplies an array of float32 row by row, so that its source need not be in one piece. */
  @FunctionalInterface
  public interface FloatRows {
    /**
     * Fills in one row: all elements that differ in the last index only.
     *
     * @param row number of the row, counted in C order; asked for once each, from 0 upwards
     * @param values to be filled, as long as the last dimension (1 for a scalar); has the values of
     *     the row before
     * @throws IOException if the row cannot be had; ends the writing
     */
    void fill(long row, float[] values) throws IOException;
  }

  /** Supplies an array of float64 row by row, so that its source need not be in one piece. */
  @FunctionalInterface
  public interface DoubleRows {
    /** As {@link FloatRows#fill}. */
    void fill(long row, double[] values) throws IOException;
  }

  /** Writes the data of an array, its header being written. */
  private interface Body {
    void write() throws IOException;
  }

  private NpzWriter(OutputTarget target, boolean deflate) throws IOException {
    this.target = target;
    this.file = target.open();
    this.zip = new ZipOutput(file.channel(), deflate);
    this.npy = new NpyOutput(zip);
  }

  /**
   * Begins a file whose arrays are not compressed, what {@code numpy.savez} writes.
   *
   * @throws IOException as {@link OutputTarget#of}
   */
  public static NpzWriter open(Path target) throws IOException {
    return open(OutputTarget.of(target));
  }

  /** As {@link #open(Path)}, at a target that has been looked at. */
  public static NpzWriter open(OutputTarget target) throws IOException {
    return new NpzWriter(target, false);
  }

  /**
   * Begins a file whose arrays are deflated, what {@code numpy.savez_compressed} writes.
   *
   * @throws IOException as {@link OutputTarget#of}
   */
  public static NpzWriter openCompressed(Path target) throws IOException {
    return new NpzWriter(OutputTarget.of(target), true);
  }

  /**
   * Adds an array of float64.
   *
   * @param name without {@code .npy}; not empty, no control characters, not added before
   * @param shape at most 64 dimensions; their product is the length of the data
   * @throws IllegalArgumentException if name or shape break these rules
   */
  public void addDoubles(String name, long[] shape, double[] data) throws IOException {
    add(name, dense("<f8", shape, data.length), () -> writing(() -> npy.doubles(data)));
  }

  /** Adds an array of float32; as {@link #addDoubles(String, long[], double[])}. */
  public void addFloats(String name, long[] shape, float[] data) throws IOException {
    add(name, dense("<f4", shape, data.length), () -> writing(() -> npy.floats(data)));
  }

  /** Adds an array of int32; as {@link #addDoubles(String, long[], double[])}. */
  public void addInts(String name, long[] shape, int[] data) throws IOException {
    add(name, dense("<i4", shape, data.length), () -> writing(() -> npy.ints(data)));
  }

  /** Adds an array of int64; as {@link #addDoubles(String, long[], double[])}. */
  public void addLongs(String name, long[] shape, long[] data) throws IOException {
    add(name, dense("<i8", shape, data.length), () -> writing(() -> npy.longs(data)));
  }

  /**
   * Adds an array of float64 of any size, of which one row is held at a time; else as {@link
   * #addDoubles(String, long[], double[])}.
   *
   * @param shape the last dimension at most 2<sup>31</sup> - 9
   * @param rows what it throws comes out of this method unchanged
   */
  public void addDoubles(String name, long[] shape, DoubleRows rows) throws IOException {
    NpyHeader header = header("<f8", shape);
    double[] row = new double[rowLength(shape)];
    addRows(name, header, row.length, r -> rows.fill(r, row), () -> npy.doubles(row));
  }

  /** Adds an array of float32; as {@link #addDoubles(String, long[], DoubleRows)}. */
  public void addFloats(String name, long[] shape, FloatRows rows) throws IOException {
    NpyHeader header = header("<f4", shape);
    float[] row = new float[rowLength(shape)];
    addRows(name, header, row.length, r -> rows.fill(r, row), () -> npy.floats(row));
  }

  /** Fills the row that a body writes. */
  private interface Filling {
    void fill(long row) throws IOException;
  }

  private void addRows(String name, NpyHeader header, int length, Filling filling, Body row)
      throws IOException {
    long count = length == 0 ? 0 : header.size() / length;
    add(
        name,
        header,
        () -> {
          for (long r = 0; r < count; r++) {
            filling.fill(r);
            writing(row);
          }
        });
  }

  private void add(String name, NpyHeader header, Body body) throws IOException {
    requireUsable();
    byte[] entryName = entryName(name);
    if (!names.add(name)) {
      throw new IllegalArgumentException("array " + Text.quote(name) + " was added before");
    }
    usable = false; // until it has gone well
    writing(
        () -> {
          zip.begin(entryName);
          npy.header(header);
        });
    body.write();
    writing(
        () -> {
          npy.flush();
          zip.end();
        });
    usable = true;
  }

  private static NpyHeader dense(String dtype, long[] shape, int length) {
    NpyHeader header = header(dtype, shape);
    if (header.size() != length) {
      throw new IllegalArgumentException(
          "shape %s: expected %d elements, got %d"
              .formatted(NpyHeader.describe(shape), header.size(), length));
    }
    return header;
  }

  private static NpyHeader header(String dtype, long[] shape) {
    if (shape.length > MOST_DIMENSIONS) {
      throw new IllegalArgumentException(
          "expected at most %d dimensions, got %d".formatted(MOST_DIMENSIONS, shape.length));
    }
    return new NpyHeader(dtype, false, shape, 1);
  }

  private static int rowLength(long[] shape) {
    long length = shape.length == 0 ? 1 : shape[shape.length - 1];
    if (length > NpyDataReader.MOST_ELEMENTS) {
      throw new IllegalArgumentException(
          "shape %s: expected a last dimension of at most %d"
              .formatted(NpyHeader.describe(shape), NpyDataReader.MOST_ELEMENTS));
    }
    return (int) length;
  }

  private static byte[] entryName(String name) {
    ByteBuffer encoded;
    try {
      encoded = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(name + ".npy"));
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("name " + Text.quote(name) + " is not Unicode text", e);
    }
    if (name.isEmpty()
        || name.chars().anyMatch(Character::isISOControl)
        || encoded.remaining() > LONGEST_NAME) {
      throw new IllegalArgumentException(
          "expected a name of 1 to %d bytes without control characters, got %s"
              .formatted(LONGEST_NAME - 4, Text.quote(name)));
    }
    return Arrays.copyOf(encoded.array(), encoded.remaining());
  }

  /**
   * Completes the file and puts it in the target's place. Nothing can be added afterwards.
   *
   * @throws IOException if that fails
   */
  public void commit() throws IOException {
    requireUsable();
    usable = false;
    writing(zip::finish);
    file.commit();
  }

  private void requireUsable() {
    if (!usable) {
      throw new IllegalStateException(
          target.label()
              + ": nothing can be added or committed after a commit, a close or a failure");
    }
  }

  private void writing(Body body) throws IOException {
    try {
      body.write();
    } catch (IOException e) {
      throw target.unwritable(e);
    }
  }

  /** Deletes the temporary file if it has not been committed. */
  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    usable = false;
    zip.close();
    file.close();
  }

  /** What is written. */
  @Override
  public String toString() {
    return target.label();
  }
}
