package org.ctc4j.cuda.kernels;

import org.ctc4j.cuda.driver.DeviceLayout;

/**
 * How the blocks of the recursions share out the states of an utterance, in pairs of a blank and
 * the label after it. Either one block has both sides, alpha and beta; or several blocks have some
 * pairs of one side each. Whatever it is, the results have the same bits.
 *
 * @param pairsPerLane P
 * @param warps W, of a side in a block
 * @param blocks of a side; 0: one block has both sides
 */
record LatticePlan(int pairsPerLane, int warps, int blocks) {
  private static final int LANES = 32;

  /** Warps of a side that one block has at most; and of a block where several share a side. */
  private static final int MOST_WARPS = 4;

  /** A multiprocessor holds one block of both sides or two of one: registers bound it. */
  private static final int BLOCKS_OF_A_SIDE = 2;

  /** Cycles of three more launches and of filling a region. */
  private static final long MORE_LAUNCHES = 14_000;

  /**
   * What a block of so many pairs a lane takes, as kernels/ptx/cycles.txt has it for sm_90.
   *
   * @param pairs up to which it is the fastest for one block
   * @param cycles a frame, half of them storing and half consuming
   * @param chunk frames that a warp hands to the next at a time
   */
  private record Tier(int pairsPerLane, int pairs, int cycles, int chunk) {
    /** Cycles of both walks, of which the last of so many warps begins later than the first. */
    long cycles(long frames, long warps) {
      return cycles * (frames + 2 * chunk * warps);
    }
  }

  private static final Tier P1 = new Tier(1, 128, 130, 8); // cycles where blocks share a side
  private static final Tier[] TIERS = {
    P1, new Tier(2, 256, 216, 6), new Tier(4, Integer.MAX_VALUE, 401, 4)
  };

  /** Warps of a block where tests split every utterance, however few pairs it has; else 0. */
  static int forcedWarps;

  /**
   * The fastest.
   *
   * @param labels L, the length of the longest target
   * @param maySplit whether there is room for {@link #blockEdgeBytes}
   */
  static LatticePlan of(
      int frames, int utterances, int labels, int multiprocessors, boolean maySplit) {
    long pairs = labels + 1L;
    long blocks = blocks(labels);
    Tier tier = tierOf(pairs);
    long pairsPerWarp = (long) LANES * tier.pairsPerLane;
    int warps = (int) Math.min(MOST_WARPS, ceilDiv(pairs, pairsPerWarp));
    LatticePlan whole = new LatticePlan(tier.pairsPerLane, warps, 0);
    long all = 2 * blocks * utterances;
    if (!maySplit || blocks == 0 || all > Integer.MAX_VALUE) {
      return whole;
    }
    LatticePlan split = new LatticePlan(1, warpsOfPart(), (int) blocks);
    if (forcedWarps > 0) {
      return split;
    }
    long tiles = ceilDiv(pairs, warps * pairsPerWarp);
    long cyclesOfWhole = ceilDiv(utterances, multiprocessors) * tiles * tier.cycles(frames, warps);
    long cyclesOfSplit =
        ceilDiv(all, (long) BLOCKS_OF_A_SIDE * multiprocessors)
                * P1.cycles(frames, blocks * split.warps)
            + MORE_LAUNCHES;
    return cyclesOfSplit < cyclesOfWhole ? split : whole;
  }

  boolean isSplit() {
    return blocks > 0;
  }

  int threads() {
    return (isSplit() ? 1 : 2) * warps * LANES;
  }

  /**
   * Bytes of what blocks that share an utterance hand each other: a counter, and the states between
   * two of them for all frames, which nobody waits to write; 0 if one block holds all pairs at
   * once.
   */
  static long blockEdgeBytes(long frames, long utterances, int labels) {
    long blocks = blocks(labels);
    return blocks == 0
        ? 0
        : DeviceLayout.ALIGNMENT
            + DeviceLayout.align(utterances * 2 * (blocks - 1) * frames * Long.BYTES);
  }

  /** So many blocks have all pairs at once; 0 if one block of both sides has. */
  private static long blocks(int labels) {
    long pairs = labels + 1L;
    return forcedWarps == 0 && pairs <= P1.pairs ? 0 : ceilDiv(pairs, (long) LANES * warpsOfPart());
  }

  private static int warpsOfPart() {
    return forcedWarps > 0 ? forcedWarps : MOST_WARPS;
  }

  private static Tier tierOf(long pairs) {
    int tier = 0;
    while (pairs > TIERS[tier].pairs) {
      tier++;
    }
    return TIERS[tier];
  }

  private static long ceilDiv(long a, long b) {
    return (a + b - 1) / b;
  }
}
