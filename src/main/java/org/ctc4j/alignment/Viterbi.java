package org.ctc4j.alignment;

import org.ctc4j.CtcStatus;
import org.ctc4j.host.LogProbs;

/**
 * The best path of one utterance that collapses to its target (Viterbi). Paths are compared by the
 * sums of their {@linkplain LogProbs scores}: subtractions, additions and comparisons of float64
 * alone, in the order of kernels/align.cu, which therefore finds the same path to the last tie.
 *
 * <p>Going forward, one row of best scores over the states is kept, and a copy of it every K
 * frames. Then the path is traced back block by block: the rows of a block are computed again from
 * its copy, this time with back-pointers. A path moves by at most two states a frame, so that a
 * block that ends in a known state needs no more than the 2K states before it, fewer with every
 * frame: computing again costs T · K states, and the memory of both together is
 *
 * <pre>
 * T / K copies · 8S bytes + K frames · 2K states / 4 bytes
 * </pre>
 *
 * <p>K = (TS)<sup>1/3</sup>, which is 8.5 · (TS)<sup>2/3</sup> bytes. Twice that K would take a
 * third less, but twice the time to compute again.
 */
public final class Viterbi {
  private final LogProbs logProbs;
  private final double[] offsets;
  private final TargetStates target;
  private final int blockFrames; // K
  private final ViterbiRow.Copy[] copies; // copies[k]: before frame k · K
  private final int[] states;
  private final double[] pathLogProbs;
  private double[] columnScores;

  /**
   * @param logProbs of the used frames of an utterance
   * @param target labels, checked
   * @param offsets added to the score of each class, (C), or null where nothing is added
   */
  public Viterbi(LogProbs logProbs, int[] target, int blank, double[] offsets) {
    int frames = logProbs.frames();
    this.logProbs = logProbs;
    this.target = new TargetStates(target, blank, logProbs.classes());
    this.offsets = offsets;
    this.blockFrames = (int) Math.ceil(Math.cbrt(frames * (2.0 * target.length + 1)));
    this.copies = new ViterbiRow.Copy[frames == 0 ? 0 : (frames - 1) / blockFrames + 1];
    this.states = new int[frames];
    this.pathLogProbs = new double[frames];
    this.columnScores = new double[this.target.classes.length];
  }

  /** Finds the path. Once. */
  public CtcStatus align() {
    ViterbiRow last = forward();
    if (last == null) {
      return CtcStatus.NOT_FINITE;
    }
    double endsInBlank = last.endsInBlank();
    double endsInLabel = last.endsInLabel();
    if (Math.max(endsInBlank, endsInLabel) == Double.NEGATIVE_INFINITY) {
      return CtcStatus.INFEASIBLE;
    }
    traceBack(2 * target.length - (endsInLabel > endsInBlank ? 1 : 0));
    return CtcStatus.OK;
  }

  /** The state of every frame, (T). */
  public int[] states() {
    return states;
  }

  /** ln p of every frame's symbol, (T). */
  public double[] logProbabilities() {
    return pathLogProbs;
  }

  /** The row of the last frame; null if the input is not finite. */
  private ViterbiRow forward() {
    int frames = states.length;
    double[] classScores = new double[logProbs.classes()];
    double[] gathered = new double[target.length];
    ViterbiRow before = new ViterbiRow(target.length);
    ViterbiRow row = new ViterbiRow(target.length);
    before.begin();
    for (int t = 0; t < frames; t++) {
      if (t % blockFrames == 0) {
        copies[t / blockFrames] = before.copy();
      }
      if (!logProbs.readScores(t, classScores)) {
        return null;
      }
      for (int column = 0; column < columnScores.length; column++) {
        columnScores[column] = classScores[target.classes[column]];
      }
      addOffsets();
      // states that can be reached by now, and from which the end can be reached
      int from = Math.max(0, target.length - frames + t);
      int to = Math.min(t, target.length);
      if (from <= to) {
        row.step(before, target, columnScores, gathered, from, to);
      }
      ViterbiRow swap = before;
      before = row;
      row = swap;
    }
    return before;
  }

  private void traceBack(int lastState) {
    BackPointers moves = new BackPointers();
    ViterbiRow[] rows = {new ViterbiRow(target.length), new ViterbiRow(target.length)};
    int state = lastState;
    for (int block = copies.length - 1; block >= 0; block--) {
      int from = block * blockFrames;
      int to = Math.min(from + blockFrames, states.length);
      int lowest = Math.max(0, state / 2 - (to - from));
      moves.begin(from, to, lowest, state / 2);
      rows[0].restore(copies[block], lowest, state / 2);
      copies[block] = null;
      for (int t = from; t < to; t++) {
        readScores(t);
        moves.seek(t);
        int parity = (t - from) % 2;
        int needed = Math.max(lowest, state / 2 - (to - t));
        rows[1 - parity].step(rows[parity], target, columnScores, moves, needed, state / 2);
      }
      for (int t = to - 1; t >= from; t--) {
        moves.seek(t);
        states[t] = state;
        boolean onLabel = state % 2 == 1;
        int column = onLabel ? target.columns[state / 2] : 0;
        pathLogProbs[t] = logProbs.at(t, target.classes[column]);
        state -= moves.get(state);
      }
    }
  }

  private void readScores(int t) {
    for (int column = 0; column < columnScores.length; column++) {
      columnScores[column] = logProbs.scoreAt(t, target.classes[column]);
    }
    addOffsets();
  }

  private void addOffsets() {
    for (int column = 0; offsets != null && column < columnScores.length; column++) {
      columnScores[column] += offsets[target.classes[column]];
    }
  }
}
