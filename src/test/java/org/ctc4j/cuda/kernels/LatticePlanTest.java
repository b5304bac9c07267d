package org.ctc4j.cuda.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LatticePlanTest {
  private static final int H100 = 132;

  private static LatticePlan plan(int frames, int utterances, int labels) {
    return LatticePlan.of(frames, utterances, labels, H100, true);
  }

  @ParameterizedTest
  @CsvSource({"0, 1, 1", "31, 1, 1", "32, 1, 2", "127, 1, 4"})
  @DisplayName("What one block holds with a pair a lane is not split")
  void fits(int labels, int pairsPerLane, int warps) {
    assertEquals(new LatticePlan(pairsPerLane, warps, 0), plan(90_000, 1, labels));
  }

  @ParameterizedTest
  @CsvSource({"128, 2, 3", "255, 2, 4", "256, 4, 3", "511, 4, 4", "15000, 4, 4"})
  @DisplayName("Without room for it nothing is split")
  void noRoom(int labels, int pairsPerLane, int warps) {
    LatticePlan plan = LatticePlan.of(90_000, 1, labels, H100, false);
    assertEquals(new LatticePlan(pairsPerLane, warps, 0), plan);
    assertFalse(plan.isSplit());
    assertEquals(64 * warps, plan.threads());
  }

  @ParameterizedTest
  @CsvSource({
    "3000, 4, 400, 4",
    "3000, 1, 128, 2",
    "3000, 33, 400, 4", // 264 blocks, two a multiprocessor
    "90000, 1, 15000, 118",
    "90000, 4, 15000, 118", // in four turns, where one block has 30 tiles
  })
  @DisplayName("A few long utterances take several blocks each, of 128 pairs")
  void split(int frames, int utterances, int labels, int blocks) {
    LatticePlan plan = plan(frames, utterances, labels);
    assertEquals(new LatticePlan(1, 4, blocks), plan);
    assertTrue(plan.isSplit());
    assertEquals(128, plan.threads());
  }

  @ParameterizedTest
  @CsvSource({
    "3000, 128, 400", // one turn of 401 cycles a frame, or four of 132
    "3000, 132, 200",
    "200, 4, 150", // launches take longer than is gained
  })
  @DisplayName("Where the utterances fill the device, or are short, each has one block")
  void whole(int frames, int utterances, int labels) {
    assertFalse(plan(frames, utterances, labels).isSplit());
  }

  @Test
  @DisplayName("More blocks than a launch takes are not split")
  void tooMany() {
    assertFalse(LatticePlan.of(1, 1 << 30, 1000, H100, true).isSplit());
  }

  @Test
  @DisplayName("Blocks hand each other the states between two of them, for all frames")
  void bytes() {
    assertEquals(0, LatticePlan.blockEdgeBytes(3000, 4, 127));
    assertEquals(256 + 4 * 2 * 1 * 3008 * 8, LatticePlan.blockEdgeBytes(3008, 4, 128));
    assertEquals(256 + 4 * 2 * 3 * 3008 * 8, LatticePlan.blockEdgeBytes(3008, 4, 400));
  }
}
