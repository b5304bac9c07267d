package org.ctc4j.examples.nanopore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class PoreModelTest {
  @Test
  @DisplayName(
      "Simulated signal has the read's levels, its noise and its pace, and says which bases")
  void simulated() {
    NanoporeRead read = MadeRead.of(4);
    int samples = 2000;
    PoreModel pore = new PoreModel(read, read.eventStarts().length);
    Chunk chunk = pore.simulate(samples, new Random(5)); // no six of the same base in a row
    IntStream.Builder middle = IntStream.builder();
    int before = -1;
    double squares = 0;
    for (float sample : chunk.signal()) {
      int state = MadeRead.state(sample);
      squares += Math.pow(sample - MadeRead.level(state), 2);
      if (state != before) {
        middle.add(state >> NanoporeRead.IN_PORE - 1 & 3);
      }
      before = state;
    }
    assertArrayEquals(middle.build().toArray(), chunk.bases());
    assertEquals(MadeRead.NOISE, Math.sqrt(squares / samples), 0.1 * MadeRead.NOISE);
    assertEquals(samples / 14.5, chunk.bases().length, 10);
  }
}
