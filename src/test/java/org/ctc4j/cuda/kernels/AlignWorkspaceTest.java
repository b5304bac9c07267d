package org.ctc4j.cuda.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class AlignWorkspaceTest {
  @Test
  @DisplayName("With room enough there is one segment, and two bits for each of its states")
  void oneSegment() {
    AlignWorkspace workspace = AlignWorkspace.of(100, 3, 63, Long.MAX_VALUE);
    assertEquals(100, workspace.segmentFrames());
    long expected =
        align(3 * 100 * 16)
            + align(3 * 64 * 16)
            + align(3 * 100 * 32)
            + align(3 * 64 * 8); // 64 pairs in 32 bytes
    assertEquals(expected, workspace.bytes());
    // one pair more: a second strip; 512 pairs more: rows in device memory
    assertEquals(
        align(3 * 100 * 16) + align(3 * 65 * 16) + align(3 * 100 * 56) + align(3 * 65 * 8),
        AlignWorkspace.of(100, 3, 64, Long.MAX_VALUE).bytes());
    long strips = 1 + (577 - 64 + 47) / 48;
    assertEquals(
        align(3 * 900 * 16)
            + align(3 * 577 * 16)
            + align(3 * 2 * 577 * 16)
            + align(3 * 900 * (24 * strips + 8))
            + align(3 * 577 * 8),
        AlignWorkspace.of(900, 3, 576, Long.MAX_VALUE).bytes());
  }

  @Test
  @DisplayName("Half an hour with 15,000 labels: in 1 GB without walking twice, in 16 MB at least")
  void halfAnHour() {
    AlignWorkspace all = AlignWorkspace.of(90_000, 1, 15_000, 1_000_000_000);
    assertEquals(90_000, all.segmentFrames());
    assertTrue(all.bytes() <= 1_000_000_000, all::toString);
    AlignWorkspace least = AlignWorkspace.of(90_000, 1, 15_000, 1);
    assertTrue(least.bytes() <= 16_000_000, least::toString);
    assertEquals(least, AlignWorkspace.of(90_000, 1, 15_000, 100_000_000));
  }

  @Test
  @DisplayName("Wildcards: 4 bytes for each element and frame, or as many rows as moves")
  void wildcards() {
    AlignWildcardWorkspace one = AlignWildcardWorkspace.of(100, 3, 63, 5, Long.MAX_VALUE);
    assertEquals(100, one.segmentFrames());
    long upToOffsets =
        align(3 * 100 * 16) + align(3 * 64 * 8) + align(3 * 64 * 16) + align(3 * 100 * 63 * 4);
    assertEquals(upToOffsets, one.offsetsAt());
    assertEquals(upToOffsets + align(5 * 8), one.bytes());
    AlignWildcardWorkspace least = AlignWildcardWorkspace.of(90_000, 1, 15_000, 32, 1);
    assertEquals(600, least.segmentFrames());
    assertTrue(least.bytes() <= 74_000_000, least::toString);
    for (int frames : new int[] {0, 1, 2, 3}) {
      assertEquals(
          Math.max(1, frames), AlignWildcardWorkspace.of(frames, 1, 2, 3, 0).segmentFrames());
    }
  }

  private static long align(long bytes) {
    return (bytes + 255) / 256 * 256;
  }
}
