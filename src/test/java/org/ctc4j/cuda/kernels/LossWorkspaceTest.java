package org.ctc4j.cuda.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class LossWorkspaceTest {
  @Test
  @DisplayName("With room enough there is one segment, which keeps half the frames")
  void oneSegment() {
    LossWorkspace workspace = LossWorkspace.of(101, 3, 30, 20, true, Long.MAX_VALUE);
    assertEquals(51, workspace.rowsKept());
    assertEquals(1, workspace.segments());
    long expected =
        align(3 * 64)
            + align(3 * 4 * 22 * 4)
            + align(3 * 101 * 16)
            + 2 * align(3 * 101 * 21 * 8)
            + align(3 * 2 * 101 * 8)
            + align(3 * 2 * 1 * 2 * 21 * 8)
            + align(3 * 2 * 51 * 2 * 21 * 8)
            + align(3 * 21 * 8);
    assertEquals(expected - align(3 * 21 * 8), workspace.offsetsAt());
    assertEquals(workspace.offsetsAt(), workspace.blockEdgesAt());
    assertEquals(expected, workspace.bytes());
  }

  @Test
  @DisplayName("Less memory means more segments, down to the square root")
  void segments() {
    int frames = 90_000;
    int labels = 15_000;
    long all = LossWorkspace.of(frames, 1, 50, labels, true, Long.MAX_VALUE).bytes();
    assertTrue(all > 10_000_000_000L, all + " bytes");
    LossWorkspace limited = LossWorkspace.of(frames, 1, 50, labels, true, 1_000_000_000);
    assertTrue(limited.bytes() <= 1_000_000_000, limited::toString);
    assertTrue((long) limited.rowsKept() * limited.segments() >= frames / 2, limited::toString);
    LossWorkspace least = LossWorkspace.of(frames, 1, 50, labels, true, 1);
    assertTrue(least.bytes() <= limited.bytes(), least::toString);
    assertTrue(Math.abs(least.rowsKept() - 212) < 20, least::toString); // sqrt(45,000)
  }

  @Test
  @DisplayName("Blocks that share an utterance have room where it does not exceed the limit")
  void blockEdges() {
    assertEquals(0, LossWorkspace.of(1000, 3, 30, 127, true, Long.MAX_VALUE).blockEdgeBytes());
    LossWorkspace workspace = LossWorkspace.of(1000, 3, 30, 300, true, Long.MAX_VALUE);
    assertEquals(256 + align(3 * 2 * 2 * 1000 * 8), workspace.blockEdgeBytes());
    long states = workspace.blockEdgesAt();
    LossWorkspace tight = LossWorkspace.of(1000, 3, 30, 300, true, workspace.bytes() - 1);
    assertEquals(2, tight.segments());
    assertEquals(workspace.blockEdgeBytes(), tight.blockEdgeBytes());
    LossWorkspace least = LossWorkspace.of(1000, 3, 30, 300, true, 1);
    assertEquals(0, least.blockEdgeBytes());
    LossWorkspace losses = LossWorkspace.of(1000, 3, 30, 300, false, states / 4);
    assertTrue(losses.blockEdgeBytes() > 0 && losses.bytes() <= states / 4, losses::toString);
    losses = LossWorkspace.of(1000, 3, 30, 300, false, losses.bytes() - 1);
    assertEquals(0, losses.blockEdgeBytes());
  }

  @Test
  @DisplayName("Losses alone keep no rows")
  void losses() {
    LossWorkspace workspace = LossWorkspace.of(1000, 2, 30, 20, false, 1);
    assertEquals(1, workspace.rowsKept());
    assertEquals(1, workspace.segments());
  }

  private static long align(long bytes) {
    return (bytes + 255) / 256 * 256;
  }
}
