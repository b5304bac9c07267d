package org.ctc4j.lm;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.zip.CRC32;
import org.ctc4j.InvalidInputException;
import org.ctc4j.io.OutputFile;
import org.ctc4j.io.OutputTarget;

/**
 * Models as files that are mapped into memory. Little-endian; each part begins at a multiple of 8:
 *
 * <pre>
 * header    "ctc4j lm", version, 1 if quantised else 0, order N, bytes of all words,
 *           the number of n-grams of each order, CRC-32 of all that; 32 bits each but the first
 * words     where each begins, and the last one ends; their UTF-8
 * order n   last words (n &gt; 1), probabilities, backoffs (n &lt; N), firsts (n &lt; N), as a {@link Level} has them
 * </pre>
 *
 * Weights are 32 bits each, or quantised 256 values of 32 bits and then a byte each.
 */
final class BinaryFile {
  private static final byte[] MAGIC = "ctc4j lm".getBytes(StandardCharsets.US_ASCII);
  private static final int VERSION = 1;
  private static final int HIGHEST_ORDER = 64;
  private static final int FIXED_HEADER = MAGIC.length + 4 * 4;
  private static final int BUFFER = 1 << 16;

  private BinaryFile() {}

  static boolean isOne(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      return false;
    }
    try (FileChannel channel = FileChannel.open(file)) {
      return Arrays.equals(read(channel, 0, MAGIC.length).array(), MAGIC);
    }
  }

  /** Zeros where the file has no more. */
  private static ByteBuffer read(FileChannel channel, long position, int length)
      throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.hasRemaining() && channel.read(bytes, position + bytes.position()) > 0) {
      // goes on
    }
    return bytes.rewind();
  }

  private static int headerLength(int order) {
    return FIXED_HEADER + 4 * order + 4;
  }

  private static long aligned(long position) {
    return position + 7 & -8;
  }

  static NGramModel open(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      ByteBuffer header = read(channel, MAGIC.length, 4 * 4 + 4 * (HIGHEST_ORDER + 1));
      int version = header.getInt();
      if (version != VERSION) {
        throw NGramModel.refused(
            file, "is of version %d, expected %d; write it anew".formatted(version, VERSION));
      }
      boolean isQuantised = header.getInt() == 1;
      int order = header.getInt();
      int wordBytes = header.getInt();
      if (order < 1 || order > HIGHEST_ORDER || wordBytes < 0) {
        throw damaged(file, "its header");
      }
      int[] counts = new int[order];
      for (int n = 0; n < order; n++) {
        counts[n] = header.getInt();
        if (counts[n] < 0 || counts[n] > Section.MOST) {
          throw damaged(file, "its header");
        }
      }
      int checksum = header.getInt();
      if (checksum != checksum(read(channel, 0, headerLength(order) - 4).array())) {
        throw damaged(file, "its header");
      }
      Mapping mapping = new Mapping(channel, headerLength(order));
      Words words = mapping.words(counts[0], wordBytes);
      Level[] levels = mapping.levels(counts, isQuantised);
      if (mapping.position != channel.size()) {
        throw NGramModel.refused(
            file,
            "has %d bytes, expected %d; an interrupted copy perhaps"
                .formatted(channel.size(), mapping.position));
      }
      boolean isSound = words.isSound();
      for (int n = 1; n < order; n++) {
        isSound &= levels[n - 1].isSound(levels[n]);
      }
      if (!isSound) {
        throw damaged(file, "it");
      }
      return new NGramModel(words, levels);
    }
  }

  private static InvalidInputException damaged(Path file, String what) {
    return NGramModel.refused(file, what + " is damaged");
  }

  private static int checksum(byte[] bytes) {
    CRC32 crc = new CRC32();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  /** Parts of a file, one after the other. What is behind its end is left out. */
  private static final class Mapping {
    private final FileChannel channel;
    private long position;

    private Mapping(FileChannel channel, long position) {
      this.channel = channel;
      this.position = aligned(position);
    }

    private Words words(int count, int wordBytes) throws IOException {
      return new Words(count, column(count + 1L), bytes(wordBytes));
    }

    private Level[] levels(int[] counts, boolean isQuantised) throws IOException {
      Level[] levels = new Level[counts.length];
      for (int k = 0; k < levels.length; k++) {
        boolean isHighest = k == levels.length - 1;
        Column lastWords = k == 0 ? null : column(counts[k]);
        Weights probs = weights(counts[k], isQuantised);
        Weights backoffs = isHighest ? null : weights(counts[k], isQuantised);
        Column firsts = isHighest ? null : column(counts[k] + 1L);
        levels[k] = new Level(counts[k], lastWords, probs, backoffs, firsts);
      }
      return levels;
    }

    private ByteBuffer map(long from, long length) throws IOException {
      boolean isThere = from + length <= channel.size();
      return isThere
          ? channel.map(MapMode.READ_ONLY, from, length).order(ByteOrder.LITTLE_ENDIAN)
          : ByteBuffer.allocate(0);
    }

    private ByteBuffer bytes(long length) throws IOException {
      ByteBuffer mapped = map(position, length);
      position = aligned(position + length);
      return mapped;
    }

    /** Of numbers of so many bytes. */
    private ByteBuffer[] chunks(long length, int size) throws IOException {
      ByteBuffer[] chunks = new ByteBuffer[(int) ((length + Column.CHUNK - 1) / Column.CHUNK)];
      for (int k = 0; k < chunks.length; k++) {
        long first = (long) k * Column.CHUNK;
        long count = Math.min(Column.CHUNK, length - first);
        chunks[k] = map(position + size * first, size * count);
      }
      position = aligned(position + size * length);
      return chunks;
    }

    private Column column(long length) throws IOException {
      ByteBuffer[] chunks = chunks(length, 4);
      return new Column(
          Arrays.stream(chunks).map(ByteBuffer::asIntBuffer).toArray(IntBuffer[]::new));
    }

    private Weights weights(int count, boolean isQuantised) throws IOException {
      if (!isQuantised) {
        return new Weights.Exact(column(count));
      }
      float[] values = new float[Weights.Quantised.VALUES];
      ByteBuffer table = read(channel, position, 4 * values.length);
      table.asFloatBuffer().get(values);
      position += 4L * values.length;
      return new Weights.Quantised(values, new Column.OfBytes(chunks(count, 1)));
    }
  }

  static void write(NGramModel model, Path file) throws IOException {
    Level[] levels = model.levels;
    Words words = model.words;
    boolean isQuantised = levels[0].probs() instanceof Weights.Quantised;
    ByteBuffer header =
        ByteBuffer.allocate(headerLength(levels.length)).order(ByteOrder.LITTLE_ENDIAN);
    header.put(MAGIC).putInt(VERSION).putInt(isQuantised ? 1 : 0).putInt(levels.length);
    header.putInt(words.bytes().limit());
    for (Level level : levels) {
      header.putInt(level.count());
    }
    header.putInt(checksum(Arrays.copyOf(header.array(), header.position())));
    try (OutputFile output = OutputTarget.of(file).open()) {
      Parts parts = new Parts(output);
      parts.bytes(header.capacity(), header::get);
      parts.column(words.count() + 1L, words.starts());
      parts.bytes(words.bytes().limit(), words.bytes()::get);
      for (Level level : levels) {
        parts.level(level);
      }
      parts.flush();
      output.commit();
    }
  }

  private interface ByteAt {
    int get(int i);
  }

  private static final class Parts {
    private final OutputFile output;
    private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER).order(ByteOrder.LITTLE_ENDIAN);
    private long written;

    private Parts(OutputFile output) {
      this.output = output;
    }

    private void level(Level level) throws IOException {
      if (level.words() != null) {
        column(level.count(), level.words());
      }
      weights(level.count(), level.probs());
      if (level.firsts() != null) {
        weights(level.count(), level.backoffs());
        column(level.count() + 1L, level.firsts());
      }
    }

    private void weights(int count, Weights weights) throws IOException {
      if (weights instanceof Weights.Quantised quantised) {
        for (float value : quantised.values()) {
          makeRoom();
          buffer.putFloat(value);
        }
        bytes(count, quantised.indices()::get);
      } else {
        column(count, ((Weights.Exact) weights).bits());
      }
    }

    private void column(long count, Column column) throws IOException {
      for (int i = 0; i < count; i++) {
        makeRoom();
        buffer.putInt(column.get(i));
      }
      align();
    }

    private void bytes(int count, ByteAt bytes) throws IOException {
      for (int i = 0; i < count; i++) {
        makeRoom();
        buffer.put((byte) bytes.get(i));
      }
      align();
    }

    private void makeRoom() throws IOException {
      if (buffer.remaining() < 8) {
        flush();
      }
    }

    private void align() throws IOException {
      while ((written + buffer.position()) % 8 != 0) {
        makeRoom();
        buffer.put((byte) 0);
      }
    }

    private void flush() throws IOException {
      output.write(Arrays.copyOf(buffer.array(), buffer.position()));
      written += buffer.position();
      buffer.clear();
    }
  }
}
