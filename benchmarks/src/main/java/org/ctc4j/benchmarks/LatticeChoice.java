package org.ctc4j.benchmarks;

import org.ctc4j.bench.Shape;

/**
 * Which kernels walk the recursions, as LatticePlan of the library chooses where memory is no
 * matter.
 *
 * @param pairsPerLane of states
 * @param warps of a side in a block
 * @param blocks of a side; 0: one block has both sides
 */
record LatticeChoice(int pairsPerLane, int warps, int blocks) {
  /** The library fills a region and launches three kernels where it launches one otherwise. */
  static final int MORE_LAUNCHES = 3;

  private static final int[] CYCLES = {0, 130, 219, 0, 436}; // by pairs a lane
  private static final int[] CHUNK = {0, 8, 6, 0, 4};
  private static final int PAIRS_OF_BLOCK = 128; // where several share a side
  private static final int CYCLES_OF_MORE_LAUNCHES = 14_000;

  static LatticeChoice of(Shape shape, int multiprocessors) {
    int pairs = shape.labels() + 1;
    int pairsPerLane = pairs <= 128 ? 1 : pairs <= 256 ? 2 : 4;
    int warps = Math.min(4, ceilDiv(pairs, 32 * pairsPerLane));
    LatticeChoice whole = new LatticeChoice(pairsPerLane, warps, 0);
    if (pairs <= PAIRS_OF_BLOCK) {
      return whole;
    }
    LatticeChoice split = new LatticeChoice(1, 4, ceilDiv(pairs, PAIRS_OF_BLOCK));
    long tiles = ceilDiv(pairs, 32 * pairsPerLane * warps);
    long turns = ceilDiv(shape.utterances(), multiprocessors) * tiles;
    long turnsOfSplit = ceilDiv(shape.utterances() * split.blocks, multiprocessors);
    return turnsOfSplit * split.cycles(shape.frames()) + CYCLES_OF_MORE_LAUNCHES
            < turns * whole.cycles(shape.frames())
        ? split
        : whole;
  }

  private long cycles(int frames) {
    return CYCLES[pairsPerLane] * (frames + 2L * CHUNK[pairsPerLane] * warpsOfSide());
  }

  private int warpsOfSide() {
    return isSplit() ? warps * blocks : warps;
  }

  boolean isSplit() {
    return blocks > 0;
  }

  /** Frames of both walks, of which the last warp begins behind the first. */
  int framesWith(int frames) {
    return frames + 2 * CHUNK[pairsPerLane] * (warpsOfSide() - 1);
  }

  /** The kernel of one of the walks, with its number among the kernel's. */
  String storing() {
    return isSplit() ? "ctc_lattice_split_store 2" : "ctc_lattice_p%d 2".formatted(pairsPerLane);
  }

  String consuming() {
    return isSplit() ? "ctc_lattice_split_consume 1" : "ctc_lattice_p%d 3".formatted(pairsPerLane);
  }

  /** For people. */
  @Override
  public String toString() {
    return isSplit()
        ? "split, 2 × %d blocks of %d warps".formatted(blocks, warps)
        : "p%d, 2 × %d warps".formatted(pairsPerLane, warps);
  }

  static int ceilDiv(int a, int b) {
    return (a + b - 1) / b;
  }
}
