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
 * its copy, with a copy every few frames, and those of these few frames once more, all of which are
 * kept: from them each move of the path is read. A path moves by at most two states a frame, so
 * that frames that end in a known state need no more than the states before it that are as many
 * moves away: computing again costs T · K states, and the memory is
 *
 * <pre>
 * T / K copies · 8S bytes + K / 32 copies · 16K bytes
 * </pre>
 *
 * <p>K = (TS)<sup>1/3</sup>, which is 8.5 · (TS)<sup>2/3</sup> bytes.
 */
public final class Viterbi {
  private final LogProbs logProbs;
  private final TargetStates target;
  private final ColumnScores scores;
  private final ViterbiTiles tiles;
  private final int blockFrames; // K
  private final ViterbiRow[] copies; // copies[k]: before frame k · K
  private final int[] states;
  private final double[] pathLogProbs;

  /**
   * @param logProbs of the used frames of an utterance
   * @param target labels, checked
   * @param offsets added to the score of each class, (C), or null where nothing is added
   */
  public Viterbi(LogProbs logProbs, int[] target, int blank, double[] offsets) {
    int frames = logProbs.frames();
    this.logProbs = logProbs;
    this.target = new TargetStates(target, blank, logProbs.classes());
    this.scores = new ColumnScores(logProbs, this.target, offsets);
    this.tiles = new ViterbiTiles(this.target);
    this.blockFrames = (int) Math.ceil(Math.cbrt(frames * (2.0 * target.length + 1)));
    this.copies = new ViterbiRow[frames == 0 ? 0 : (frames - 1) / blockFrames + 1];
    this.states = new int[frames];
    this.pathLogProbs = new double[frames];
  }

  /** Finds the path. Once. */
  public CtcStatus align() {
    if (!forward()) {
      return CtcStatus.NOT_FINITE;
    }
    ViterbiRow row = tiles.row();
    int state = row.lastState();
    if (row.score(state) == Double.NEGATIVE_INFINITY) {
      return CtcStatus.INFEASIBLE;
    }
    for (int block = copies.length - 1; block >= 0; block--) {
      row.take(copies[block]);
      copies[block] = null;
      state = traceBlock(block * blockFrames, endOf(block), state);
    }
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

  /** False if a frame is not finite. */
  private boolean forward() {
    Reach reach = new Reach(target.length, states.length);
    for (int block = 0; block < copies.length; block++) {
      copies[block] = tiles.row().copy(0, target.length);
      int end = endOf(block);
      for (int t = block * blockFrames; t < end; t += ColumnScores.FRAMES) {
        int to = Math.min(t + ColumnScores.FRAMES, end);
        if (!scores.read(t, to)) {
          return false;
        }
        tiles.step(scores, t, to, reach);
      }
    }
    return true;
  }

  private int endOf(int block) {
    return Math.min((block + 1) * blockFrames, states.length);
  }

  /**
   * Frames [from, to), the row before them being there.
   *
   * @param last state, after these frames
   * @return the one before them
   */
  private int traceBlock(int from, int to, int last) {
    Reach reach = new Reach(last / 2, to);
    ViterbiRow[] starts = new ViterbiRow[(to - from - 1) / ColumnScores.FRAMES + 1];
    for (int k = 0; k < starts.length; k++) {
      int t = from + k * ColumnScores.FRAMES;
      starts[k] = tiles.row().copy(reach.lowest(t - 1), reach.end());
      if (k + 1 < starts.length) {
        scores.readAgain(t, t + ColumnScores.FRAMES);
        tiles.step(scores, t, t + ColumnScores.FRAMES, reach);
      }
    }
    int state = last;
    for (int k = starts.length - 1; k >= 0; k--) {
      int t = from + k * ColumnScores.FRAMES;
      tiles.row().take(starts[k]);
      state = trace(t, Math.min(t + ColumnScores.FRAMES, to), state);
    }
    return state;
  }

  /** As {@link #traceBlock}, with all rows kept. */
  private int trace(int from, int to, int last) {
    Reach reach = new Reach(last / 2, to);
    ViterbiRow[] before = new ViterbiRow[to - from];
    scores.readAgain(from, to);
    for (int t = from; t < to; t++) {
      before[t - from] = tiles.row().copy(reach.lowest(t - 1), reach.end());
      tiles.step(scores, t, t + 1, reach);
    }
    int state = last;
    for (int t = to - 1; t >= from; t--) {
      states[t] = state;
      boolean onLabel = state % 2 == 1;
      int column = onLabel ? target.columns[state / 2] : 0;
      pathLogProbs[t] = logProbs.at(t, target.classes[column]);
      state -= before[t - from].move(state, target);
    }
    return state;
  }
}
