package org.ctc4j.alignment;

import java.util.Arrays;

/**
 * Takes a row of best scores through some frames at a time:
 *
 * <pre>
 * blank i = max(blank i, label i − 1) + score(blank)
 * label i = max(label i, blank i, label i − 1 where no blank must stand) + score(label i)
 * </pre>
 *
 * <p>Tile by tile: a tile of blanks and labels goes through all of these frames while it lies in
 * the processor's nearest cache, and all that it needs of the tile before is that one's last label
 * before each frame.
 */
final class ViterbiTiles {
  /** Blanks, and as many labels. */
  private static final int TILE = 512;

  private final TargetStates target;
  private final ViterbiRow row;

  /**
   * ended[i] of the label before blank i, label i − 1: a second time, so that the loop over labels
   * reads and writes all of its arrays at the same index, without which the JIT compiler makes no
   * vector code of it.
   */
  private final double[] ended;

  private final double[] gathered; // the score of label i
  private final double[] handed; // [t − from] the last label of the tile before, before frame t

  /** Before the first frame. */
  ViterbiTiles(TargetStates target) {
    this.target = target;
    row = new ViterbiRow(target.length);
    ended = new double[target.length + 1];
    gathered = new double[target.length];
    handed = new double[ColumnScores.FRAMES];
  }

  /** The row that frames are applied to. */
  ViterbiRow row() {
    return row;
  }

  /** Makes the row before frame {@code from} that before frame {@code to}, as far as it matters. */
  void step(ColumnScores scores, int from, int to, Reach reach) {
    Arrays.fill(handed, Double.NEGATIVE_INFINITY);
    int last = reach.highest(to - 1);
    for (int i = reach.lowest(from - 1) / TILE * TILE; i <= last; i += TILE) {
      stepTile(scores, i, from, to, reach);
    }
  }

  private void stepTile(ColumnScores scores, int begin, int from, int to, Reach reach) {
    int end = Math.min(begin + TILE, reach.end() + 1);
    System.arraycopy(row.labels, begin, ended, begin + 1, end - begin - 1);
    for (int t = from; t < to; t++) {
      ended[begin] = handed[t - from];
      handed[t - from] = row.labels[end - 1];
      int lowest = Math.max(begin, reach.lowest(t));
      int highest = Math.min(end - 1, reach.highest(t));
      if (lowest <= highest) {
        step(scores.all(), scores.row(t), lowest, highest + 1);
      }
    }
  }

  /** Blanks and labels i in [from, to), by a frame's scores from an index on. */
  private void step(double[] scores, int at, int from, int to) {
    int labelsTo = Math.min(to, target.length);
    gather(scores, at, target.columns, gathered, from, labelsTo);
    stepLabels(from, labelsTo);
    stepBlanks(scores[at], from, to);
    System.arraycopy(row.labels, from, ended, from + 1, labelsTo - from);
  }

  // Each loop is a method of its own, up to an exclusive bound: so the JIT compiler makes the same
  // vector code of it whenever it compiles it, also in the middle of the first long call.

  private static void gather(
      double[] scores, int at, int[] columns, double[] gathered, int from, int to) {
    for (int i = from; i < to; i++) {
      gathered[i] = scores[at + columns[i]];
    }
  }

  private void stepLabels(int from, int to) {
    double[] labels = row.labels;
    double[] blanks = row.blanks;
    double[] before = ended;
    double[] skip = target.skip;
    double[] scores = gathered;
    for (int i = from; i < to; i++) {
      double here = Math.max(labels[i], blanks[i]);
      labels[i] = Math.max(here, before[i] + skip[i]) + scores[i];
    }
  }

  private void stepBlanks(double score, int from, int to) {
    double[] blanks = row.blanks;
    double[] before = ended;
    for (int i = from; i < to; i++) {
      blanks[i] = Math.max(blanks[i], before[i]) + score;
    }
  }
}
