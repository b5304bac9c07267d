package org.ctc4j.cpu;

import java.util.Arrays;
import org.ctc4j.InputKind;

/**
 * p(target) once more, for utterances whose loss is small: plain float64, without exponents.
 *
 * <p>Float32 mantissas leave an error of some 10<sup>−7</sup> √T in the loss, whatever the loss is;
 * where the model is sure of the target, that is no longer one millionth of it. There, however,
 * p(target) is near 1, and what a float64 cannot hold cannot contribute to it. Frames in which the
 * model is not sure get their log-sum-exp in float64 too; they are few.
 */
final class SureTotal {
  private static final double NATS_PER_ROOT_FRAME = 0.25;
  private static final double LEAST_LOG = -300;

  /** Where the other classes have less than this, their float32 sum is good enough. */
  private static final double SURE_FRAME = 1e-3;

  private SureTotal() {}

  /**
   * @param log ln p(target) relative to the best labels, from the lattice
   */
  static boolean isCalledFor(double loss, double log, int frames) {
    return Math.abs(loss) < NATS_PER_ROOT_FRAME * Math.sqrt(frames) && log > LEAST_LOG;
  }

  /** ln p(target). */
  static double log(Utterance u, Scratch scratch) {
    int labels = u.target.length;
    double[] p = scratch.exact;
    double[] blank = Grow.atLeast(scratch.sureBlanks, labels + 1L);
    double[] label = Grow.atLeast(scratch.sureLabels, labels + 1L); // label i at i + 1
    scratch.sureBlanks = blank;
    scratch.sureLabels = label;
    Arrays.fill(blank, 0, labels + 1, 0);
    Arrays.fill(label, 0, labels + 1, 0);
    blank[0] = 1;
    double logBest = 0;
    for (int t = 0; t < u.frames(); t++) {
      u.emissions.logs(t, p);
      boolean fine = u.input == InputKind.LOG_PROBS || u.others[t] >= 0 && u.others[t] < SURE_FRAME;
      logBest += fine ? u.emissions.logBest[t] : u.emissions.exactLogBest(t);
      double blankP = Math.exp(p[labels]);
      for (int i = labels; i > 0; i--) { // downwards, since both read what stands before them
        double before = u.target.skip[i - 1] == 0 ? label[i - 1] : 0;
        double reach = label[i] + blank[i - 1] + before;
        blank[i] = (blank[i] + label[i]) * blankP;
        label[i] = reach == 0 ? 0 : reach * Math.exp(p[i - 1]);
      }
      blank[0] *= blankP;
    }
    return Math.log(blank[labels] + label[labels]) + logBest;
  }
}
