package org.ctc4j.examples.nanopore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ReadAlignmentTest {
  @Test
  @DisplayName("Bases are where the logits have them, and distances are from the median")
  void planted() {
    int[] bases = {0, 3, 3, 1};
    int[] frames = {2, 5, 8, 9};
    float[] logits = new float[12 * BaseCaller.CLASSES];
    for (int t = 0; t < 12; t++) {
      logits[t * BaseCaller.CLASSES] = 5;
    }
    for (int i = 0; i < bases.length; i++) {
      logits[frames[i] * BaseCaller.CLASSES + bases[i] + 1] = 10;
    }
    ReadAlignment alignment = ReadAlignment.of(logits, bases);
    assertArrayEquals(new int[] {8, 20, 32, 36}, alignment.starts());
    int[] others = {0, 17, 29, 30}; // 8, 3, 3 and 6 samples earlier
    ReadAlignment.Distance distance = alignment.distance(others, 10);
    assertEquals(new ReadAlignment.Distance(3, 0, 0), distance);
    assertEquals(new ReadAlignment.Distance(3, 0, 3), alignment.distance(others, 0));
  }
}
