package org.ctc4j.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.AlphaChars;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.NotEmpty;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;
import net.jqwik.api.constraints.UniqueElements;

/** Whatever {@link NpzWriter} writes, {@link NpzReader} gives back bit by bit. */
class NpzRoundTripTest {
  @Property(tries = 200)
  void writtenAndRead(
      @ForAll @Size(max = 4) List<@IntRange(max = 11) Integer> dimensions,
      @ForAll @UniqueElements @Size(4)
          List<@AlphaChars @NotEmpty @StringLength(max = 30) String> names,
      @ForAll long seed,
      @ForAll boolean compress)
      throws IOException {
    long[] shape = dimensions.stream().mapToLong(Integer::longValue).toArray();
    int size = dimensions.stream().reduce(1, (a, b) -> a * b);
    Random random = new Random(seed);
    long[] longs = random.longs(size).toArray();
    int[] ints = random.ints(size).toArray();
    double[] doubles = Arrays.stream(longs).mapToDouble(Double::longBitsToDouble).toArray();
    float[] floats = new float[size];
    for (int i = 0; i < size; i++) {
      floats[i] = Float.intBitsToFloat(ints[i]);
    }
    Path file = Files.createTempFile("round-trip", ".npz");
    try {
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
    } finally {
      Files.delete(file);
    }
  }
}
