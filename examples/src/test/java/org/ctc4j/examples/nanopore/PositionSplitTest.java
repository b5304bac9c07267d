package org.ctc4j.examples.nanopore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class PositionSplitTest {
  @Test
  @DisplayName("Nothing that is trained with, real or simulated, knows what is held out")
  void nothingHeldOutIsTrainedWith() {
    NanoporeRead read = MadeRead.of(1);
    PositionSplit split = PositionSplit.of(read);
    NanoporeRead changed = MadeRead.changedBehind(read, split.boundary());
    PositionSplit other = PositionSplit.of(changed);
    assertEquals(split.boundary(), other.boundary());
    assertEquals(split.scale(), other.scale());
    Random random = new Random(2);
    Random same = new Random(2);
    for (int i = 0; i < 500; i++) {
      assertSame(split.training().random(random), other.training().random(same));
    }
    PoreModel pore = new PoreModel(read, split.trainingEvents());
    PoreModel otherPore = new PoreModel(changed, other.trainingEvents());
    for (int i = 0; i < 20; i++) {
      assertSame(pore.simulate(Chunks.SAMPLES, random), otherPore.simulate(Chunks.SAMPLES, same));
    }
    for (Chunk chunk : other.heldOut().all()) {
      for (float sample : chunk.signal()) {
        assertEquals(1e6f, sample);
      }
    }
  }

  private static void assertSame(Chunk expected, Chunk got) {
    assertArrayEquals(expected.signal(), got.signal());
    assertArrayEquals(expected.bases(), got.bases());
  }

  @Test
  @DisplayName("Held-out chunks follow each other, and their bases are those of the read")
  void heldOutChunks() {
    NanoporeRead read = MadeRead.of(3);
    PositionSplit split = PositionSplit.of(read);
    List<Chunk> chunks = split.heldOut().all();
    assertTrue(chunks.size() > 5);
    int[] starts = read.baseStarts();
    int sample = split.boundary();
    int base = 0;
    while (starts[base] < sample) {
      base++;
    }
    for (Chunk chunk : chunks) {
      for (float value : chunk.signal()) {
        assertEquals(read.signal()[sample++], value);
      }
      for (int each : chunk.bases()) {
        assertEquals(read.bases()[base++], each);
      }
      assertTrue(starts[base - 1] < sample && starts[base] >= sample);
    }
  }
}
