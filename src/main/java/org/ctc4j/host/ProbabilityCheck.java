package org.ctc4j.host;

import java.util.Locale;
import org.ctc4j.FrameTensor;

/**
 * Whether numbers that are said to be probabilities can be: none below 0 or above 1 and a sum of 1
 * in each frame, as far as rounding and pruned classes allow.
 *
 * <p>All used frames are gone through once, in float32. Only where that finds something, float64
 * decides.
 */
final class ProbabilityCheck extends InputCheck {
  /** Sums in float32 are this good, of a million classes. */
  private static final double COARSE = 0.001;

  private final FrameTensor probabilities;
  private final double tolerance; // of a single number
  private final float[] x;

  ProbabilityCheck(FrameTensor probabilities) {
    super(probabilities);
    this.probabilities = probabilities;
    this.tolerance = tolerance(probabilities, 1e-2); // from 1 to the next bfloat16 it is 0.008
    this.x = new float[probabilities.classes()];
  }

  /** False if there may be something wrong; NaN is nothing that passes. */
  private boolean passes(int n, int t) {
    long at = probabilities.index(t, n, 0);
    probabilities.elements().read(at, probabilities.classStride(), x, 0, x.length);
    float least = 0;
    float most = 0;
    for (float p : x) {
      least = p < least ? p : least;
      most = p > most ? p : most;
    }
    boolean within = least >= -tolerance && most <= 1 + tolerance;
    return within && Math.abs(sum(x, 0, x.length) - 1) <= SUM_TOLERANCE - COARSE;
  }

  @Override
  String faultOfFrame(int n, int t) {
    if (passes(n, t)) {
      return null;
    }
    int worst = -1; // the class that is farthest out
    double distance = tolerance;
    double sum = 0;
    double exponentials = 0; // the sum, were these log-probabilities
    boolean positive = false;
    for (int c = 0; c < probabilities.classes(); c++) {
      double p = probabilities.get(t, n, c);
      if (!(p < Double.POSITIVE_INFINITY)) {
        return null; // its utterance gets the status NOT_FINITE
      }
      double out = Math.max(-p, p - 1);
      if (out > distance) {
        distance = out;
        worst = c;
      }
      sum += p;
      exponentials += Math.exp(p);
      positive |= p > 0;
    }
    if (worst >= 0) {
      boolean logProbs = !positive && isOne(exponentials);
      return where(n, t)
          + "class %d has probability %s, expected a number in [0, 1]; are these %s"
              .formatted(
                  worst,
                  text(probabilities.get(t, n, worst)),
                  logProbs
                      ? "log-probabilities? input LOG_PROBS takes them"
                      : "logits? input LOGITS takes them");
    }
    return sum == 0 || isOne(sum) // with a sum of 0 no class is possible: it is infeasible
        ? null
        : where(n, t)
            + String.format(Locale.ROOT, "probabilities sum to %.4g, expected 1; ", sum)
            + "give those of all classes; input LOGITS takes logits, SCORES takes logarithms of"
            + " weights that need not sum to 1";
  }
}
