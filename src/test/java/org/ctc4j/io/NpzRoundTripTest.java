package org.ctc4j.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.ctc4j.Seed;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever {@link NpzWriter} writes, {@link NpzReader} gives back bit by bit. */
class NpzRoundTripTest {
  private final Random random = Seed.random(getClass());

  @Test
  void writtenAndRead(@TempDir Path folder) throws IOException {
    for (int i = 0; i < 200; i++) {
      long[] shape = random.longs(random.nextInt(5), 0, 12).toArray();
      List<String> names = Stream.generate(this::name).distinct().limit(4).toList();
      roundTrip(folder.resolve(i + ".npz"), shape, names, random.nextBoolean());
    }
  }

  private String name() {
    char[] letters = new char[1 + random.nextInt(30)];
    for (int i = 0; i < letters.length; i++) {
      letters[i] = (char) ((random.nextBoolean() ? 'a' : 'A') + random.nextInt(26));
    }
    return new String(letters);
  }

  private void roundTrip(Path file, long[] shape, List<String> names, boolean compress)
      throws IOException {
    int size = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    long[] longs = random.longs(size).toArray();
    int[] ints = random.ints(size).toArray();
    double[] doubles = Arrays.stream(longs).mapToDouble(Double::longBitsToDouble).toArray();
    float[] floats = new float[size];
    for (int i = 0; i < size; i++) {
      floats[i] = Float.intBitsToFloat(ints[i]);
    }
    try (NpzWriter out = compress ? NpzWriter.openCompressed(file) : NpzWriter.open(file)) {
      out.addLongs(names.get(0), shape, longs);
      out.addInts(names.get(1), shape, ints);
      out.addDoubles(names.get(2), shape, doubles);
      out.addFloats(names.get(3), shape, floats);
      out.commit();
    }
    try (NpzReader reader = NpzReader.open(file)) {
      assertEquals(names, reader.names());
      for (String name : names) {
        assertArrayEquals(shape, reader.header(name).shape());
      }
      assertArrayEquals(longs, reader.read(names.get(0)).longs());
      assertArrayEquals(ints, reader.read(names.get(1)).ints());
      double[] doublesRead = reader.read(names.get(2)).doubles();
      float[] floatsRead = reader.read(names.get(3)).floats();
      for (int i = 0; i < size; i++) {
        assertEquals(longs[i], Double.doubleToRawLongBits(doublesRead[i]));
        assertEquals(ints[i], Float.floatToRawIntBits(floatsRead[i]));
      }
    }
  }
}
