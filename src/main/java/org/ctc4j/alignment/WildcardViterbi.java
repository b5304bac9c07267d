package org.ctc4j.alignment;

import java.util.Arrays;
import org.ctc4j.CtcStatus;
import org.ctc4j.host.WildcardScores;
import org.ctc4j.host.WildcardTarget;

/**
 * The best sequence of states of an utterance whose target has wildcards, by the sums of its
 * frames' scores, less penalties and costs. Of equally good ones that whose last frame is in the
 * greatest state, and so on backwards.
 *
 * <p>Going forward a row of best scores is kept every √T frames; then each block of frames between
 * two of them is computed again, with back-pointers, for the states that the path can still be in.
 * That is 2 √T rows of states.
 */
public final class WildcardViterbi {
  private static final double LOG_ZERO = Double.NEGATIVE_INFINITY;

  private final WildcardScores scores;
  private final WildcardTarget target;
  private final BestSources blanks = new BestSources();
  private final BestSources elements = new BestSources();
  private final double[] columns; // scores of a frame
  private final int[] states;
  private final double[] logProbs; // of the path's frames
  private final int interval;
  private final double[][] checkpoints; // the row before each block
  private double passed; // what it cost to get here, since something could not be passed over

  /**
   * @param scores of an utterance's frames, none of which has been read
   */
  public WildcardViterbi(WildcardScores scores, WildcardTarget target) {
    int frames = scores.logProbs().frames();
    this.scores = scores;
    this.target = target;
    this.columns = new double[target.columnCount()];
    this.states = new int[frames];
    this.logProbs = new double[frames];
    this.interval = Math.max(1, (int) Math.ceil(Math.sqrt(frames)));
    this.checkpoints = new double[(frames + interval - 1) / interval][];
  }

  /** Finds the path. Once. */
  public CtcStatus align() {
    double[] last = forward();
    if (last == null) {
      return CtcStatus.NOT_FINITE;
    }
    start(last);
    for (int i = 0; i < target.length; i++) {
      passElement(i, last);
    }
    if (Math.max(blanks.score(0), elements.score(0)) == LOG_ZERO) {
      return CtcStatus.INFEASIBLE;
    }
    traceBack(source(BestSources.NO_LABEL));
    return CtcStatus.OK;
  }

  /** The state of every frame, (T). */
  public int[] states() {
    return states;
  }

  /** ln p of every frame in its state, without penalties, (T). */
  public double[] logProbabilities() {
    return logProbs;
  }

  /** The row of the last frame; null if the input is not finite. */
  private double[] forward() {
    double[] classes = new double[scores.logProbs().classes()];
    double[] row = new double[target.states()];
    double[] next = new double[target.states()];
    Arrays.fill(row, LOG_ZERO);
    row[0] = 0;
    for (int t = 0; t < states.length; t++) {
      if (t % interval == 0) {
        checkpoints[t / interval] = row.clone();
      }
      if (!scores.read(t, classes)) {
        return null;
      }
      step(t, row, next, null, target.length);
      double[] before = row;
      row = next;
      next = before;
    }
    return row;
  }

  private void traceBack(int lastState) {
    int[][] sources = new int[Math.min(interval, states.length)][];
    int state = lastState;
    for (int block = checkpoints.length - 1; block >= 0; block--) {
      int from = block * interval;
      int to = Math.min(from + interval, states.length);
      // a path goes back by no more than one state, from the blank after a run of labels
      int reach = Math.min(target.length, state / 2 + 1);
      double[] row = checkpoints[block];
      double[] next = new double[row.length];
      checkpoints[block] = null;
      for (int t = from; t < to; t++) {
        sources[t - from] = new int[2 * reach + 1];
        step(t, row, next, sources[t - from], reach);
        double[] before = row;
        row = next;
        next = before;
      }
      for (int t = to - 1; t >= from; t--) {
        states[t] = state;
        logProbs[t] = scores.logProb(t, target.column(state));
        state = sources[t - from][state];
      }
    }
  }

  /**
   * The row of frame t from that of the one before it.
   *
   * @param into where each state came from, or null
   * @param reach elements, and blanks up to the one after them, that are computed
   */
  private void step(int t, double[] from, double[] to, int[] into, int reach) {
    scores.columns(t, columns);
    start(from);
    to[0] = from[0] + columns[0];
    for (int i = 0; i < reach; i++) {
      int element = 2 * i + 1;
      int source = target.isRun(i) && from[element + 1] >= from[element] ? element + 1 : element;
      int label = label(i);
      if (arriving(label) > from[source]) {
        to[element] = arriving(label) + columns[target.columns[i]];
        source = source(label);
      } else {
        to[element] = from[source] + columns[target.columns[i]];
      }
      int ofBlank = from[element] > from[element + 1] ? element : element + 1;
      to[element + 1] = from[ofBlank] + columns[0];
      if (into != null) {
        into[element] = source;
        into[element + 1] = ofBlank;
      }
      passElement(i, from);
    }
  }

  private void start(double[] row) {
    elements.clear();
    blanks.clear();
    blanks.add(row[0], 0, BestSources.NO_LABEL);
    passed = 0;
  }

  private void passElement(int i, double[] row) {
    if (target.costs[i] == Double.POSITIVE_INFINITY) {
      elements.clear();
      blanks.clear();
      passed = 0;
    } else {
      passed += target.costs[i];
    }
    elements.add(row[2 * i + 1] + passed, 2 * i + 1, label(i));
    blanks.add(row[2 * i + 2] + passed, 2 * i + 2, BestSources.NO_LABEL);
  }

  private double arriving(int label) {
    return Math.max(blanks.score(BestSources.NO_LABEL), elements.score(label)) - passed;
  }

  /** Where the best that arrives comes from. */
  private int source(int label) {
    double ofBlank = blanks.score(BestSources.NO_LABEL);
    double ofElement = elements.score(label);
    int blank = blanks.state(BestSources.NO_LABEL);
    int element = elements.state(label);
    boolean isElement = ofElement > ofBlank || ofElement == ofBlank && element > blank;
    return isElement ? element : blank;
  }

  private int label(int i) {
    return target.isLabel(target.columns[i]) ? target.columns[i] : BestSources.NO_LABEL;
  }
}
