package org.ctc4j.host;

import org.ctc4j.ElementType;
import org.ctc4j.FrameTensor;
import org.ctc4j.InputKind;

/**
 * ln p(t, c) of one utterance in float64, computed from its logits, log-probabilities,
 * probabilities or scores as they are read. Remembers two numbers a frame, so that single classes
 * can be looked up again. Not thread-safe.
 *
 * <p>Beside it a score, for comparing paths: x(t, c) − max<sub>k</sub> x(t, k) for logits, which is
 * ln p(t, c) and something that is the same for all classes of the frame, ln x(t, c) for
 * probabilities, and x(t, c) itself otherwise. Of logits it comes of one subtraction, so every
 * machine computes the same bits.
 */
public final class LogProbs {
  /** A class whose score is below −2^26 counts as impossible. */
  private static final double IMPOSSIBLE_NATS = 0x1p26;

  private static final double LOG_ZERO = Double.NEGATIVE_INFINITY;

  private final FrameTensor logits;
  private final long start;
  private final InputKind input;
  private final double[] max; // of frame t, once read
  private final double[] logSum; // ln Σ e^(x − max) of frame t, once read
  private final float[] floats;

  /**
   * @param frames how many frames of utterance n are used
   */
  public LogProbs(FrameTensor logits, int n, int frames, InputKind input) {
    this.logits = logits;
    this.start = logits.start(n);
    this.input = input;
    this.max = new double[frames];
    this.logSum = new double[frames];
    boolean wide = logits.elements().type() == ElementType.FLOAT64;
    this.floats = wide ? null : new float[logits.classes()];
  }

  /** T, the number of frames that are used. */
  public int frames() {
    return max.length;
  }

  /** Whether each frame's probabilities add up to 1, as they do if they are made of logits. */
  public boolean areNormalised() {
    return input == InputKind.LOGITS;
  }

  /** C. */
  public int classes() {
    return logits.classes();
  }

  /**
   * ln p(t, c) for all c into {@code row[0 … C)}, each finite or −Infinity.
   *
   * @return false if the frame holds NaN or +Infinity; then what is in {@code row} means nothing
   */
  public boolean read(int t, double[] row) {
    boolean finite = readScores(t, row);
    for (int c = 0; c < logits.classes(); c++) {
      row[c] -= logSum[t];
    }
    return finite;
  }

  /** As {@link #read}, the scores. */
  public boolean readScores(int t, double[] row) {
    boolean finite = copy(t, row);
    if (finite && input == InputKind.LOGITS) {
      normalise(t, row);
    }
    for (int c = 0; c < logits.classes(); c++) {
      row[c] = score(t, row[c]);
    }
    return finite;
  }

  /**
   * The most probable class of frame t, of equal ones that of the least index. Beyond it nothing is
   * computed of the frame.
   *
   * @return −1 if the frame holds NaN or +Infinity
   */
  public int best(int t) {
    return floats != null ? bestOfFloats(t) : bestOfDoubles(t);
  }

  private int bestOfFloats(int t) {
    float[] x = floats;
    logits.elements().read(index(t), logits.classStride(), x, 0, x.length);
    int best = 0;
    float greatest = x[0];
    boolean finite = true;
    for (int c = 0; c < x.length; c++) {
      finite &= x[c] < Float.POSITIVE_INFINITY; // false for NaN
      if (x[c] > greatest) {
        greatest = x[c];
        best = c;
      }
    }
    return finite ? best : -1;
  }

  private int bestOfDoubles(int t) {
    int best = 0;
    double greatest = Double.NEGATIVE_INFINITY;
    for (int c = 0; c < logits.classes(); c++) {
      double x = given(t, c);
      if (!(x < Double.POSITIVE_INFINITY)) {
        return -1;
      }
      if (x > greatest) {
        greatest = x;
        best = c;
      }
    }
    return best;
  }

  /** Whether the most probable class of a frame is possible. */
  public boolean isPossible(int t, int best) {
    double x = given(t, best);
    return switch (input) {
      case LOGITS -> x > LOG_ZERO;
      case LOG_PROBS, SCORES -> x >= -IMPOSSIBLE_NATS;
      case PROBABILITIES -> x > 0;
    };
  }

  /**
   * {@link #best(int)}; then {@link #at} knows the frame.
   *
   * @param row C numbers to work in
   */
  public int best(int t, double[] row) {
    int best = best(t);
    if (best >= 0 && input == InputKind.LOGITS) {
      copy(t, row);
      normalise(t, row);
    }
    return best;
  }

  /** Score − ln p(t, c) of any class, of a frame that has been read. */
  public double normaliser(int t) {
    return logSum[t];
  }

  /** ln p(t, c) of a frame that has been read. */
  public double at(int t, int c) {
    return scoreAt(t, c) - logSum[t];
  }

  /** The score of a class in a frame that has been read. */
  public double scoreAt(int t, int c) {
    return score(t, number(t, c));
  }

  /** As it is given, but for probabilities: their logarithms are what all else is about. */
  private double number(int t, int c) {
    double x = given(t, c);
    return input == InputKind.PROBABILITIES ? Probabilities.log(x) : x;
  }

  private double given(int t, int c) {
    return logits.elements().get(index(t) + c * logits.classStride());
  }

  private long index(int t) {
    return start + t * logits.frameStride();
  }

  private boolean copy(int t, double[] row) {
    int classes = logits.classes();
    if (floats != null) {
      logits.elements().read(index(t), logits.classStride(), floats, 0, classes);
    }
    boolean finite = true;
    for (int c = 0; c < classes; c++) {
      double x = floats != null ? floats[c] : given(t, c);
      finite &= x < Double.POSITIVE_INFINITY; // false for NaN
      row[c] = input == InputKind.PROBABILITIES ? Probabilities.log(x) : x;
    }
    return finite;
  }

  private void normalise(int t, double[] row) {
    int best = 0;
    for (int c = 1; c < logits.classes(); c++) {
      best = row[c] > row[best] ? c : best;
    }
    if (row[best] == LOG_ZERO) {
      return; // nothing is possible in this frame
    }
    double others = 0; // their digits are those of the best one's −ln p
    for (int c = 0; c < logits.classes(); c++) {
      others += c == best ? 0 : Math.exp(row[c] - row[best]);
    }
    max[t] = row[best];
    logSum[t] = Math.log1p(others);
  }

  private double score(int t, double x) {
    // x − max first: exact for close numbers, where x − (max + logSum) is not
    double score = x - max[t];
    return score < -IMPOSSIBLE_NATS ? LOG_ZERO : score;
  }
}
