package org.ctc4j.cpu;

/**
 * Stage 3: overwrites the gradient of the classes that the target has, frame by frame:
 *
 * <pre>
 * gradient(t, c) = weight · (p(t, c) − γ(t, c)),   γ(t, c) = Σ_{states of c} α β / p(target)
 * </pre>
 *
 * <p>Posteriors of a class are added in the order of its labels.
 *
 * <p>Near the end of training p and γ both approach 1, and their difference would be lost in
 * rounding. Where one class has more than half of a frame's probability, its gradient is computed
 * from the others instead, (1 − γ) − (1 − p) = Σ others' γ − Σ others' p: both small sums of
 * positive numbers.
 */
final class LabelStage {
  /**
   * Frames that are gone through at the same time: the loops over the labels of each class are the
   * same for all, and too short to be done for one frame alone.
   */
  static final int TOGETHER = 4;

  private LabelStage() {}

  /**
   * Some frames, at which {@code scratch.emission} stands and whose posteriors are the first there.
   */
  static void run(Utterance u, int from, int count, Scratch scratch) {
    for (int i = 0; i < count; i += TOGETHER) {
      subtract(u, from + i, i, scratch);
      for (int k = i; k < Math.min(i + TOGETHER, count); k++) {
        store(u, from + k, k, (k - i) * scratch.slotsLength, scratch);
      }
    }
  }

  /** p − γ of labels; rows beyond the last frame are computed too, from whatever there is. */
  private static void subtract(Utterance u, int t, int i, Scratch scratch) {
    int width = u.plan().stripes().width();
    subtract(
        scratch.emission.ofSlots,
        scratch.emission.slotsAt(t),
        bestP(u, t),
        bestP(u, t + 1),
        bestP(u, t + 2),
        bestP(u, t + 3),
        u.target,
        scratch.gamma,
        (2 * i + 1) * width,
        2 * width,
        scratch.difference,
        scratch.slotsLength);
  }

  private static void subtract(
      double[] p,
      int at,
      double best0,
      double best1,
      double best2,
      double best3,
      Target target,
      double[] gamma,
      int from,
      int step,
      double[] into,
      int n) {
    int[] places = target.places;
    int[] first = target.first;
    int distinct = target.distinct;
    int j = 0;
    for (int k = 0; k < distinct; k++) {
      int end = first[k + 1];
      double sum0 = 0;
      double sum1 = 0;
      double sum2 = 0;
      double sum3 = 0;
      for (; j < end; j++) {
        int g = from + places[j];
        sum0 += gamma[g];
        sum1 += gamma[g + step];
        sum2 += gamma[g + 2 * step];
        sum3 += gamma[g + 3 * step];
      }
      into[k] = p[at + k] * best0 - sum0;
      into[n + k] = p[at + n + k] * best1 - sum1;
      into[2 * n + k] = p[at + 2 * n + k] * best2 - sum2;
      into[3 * n + k] = p[at + 3 * n + k] * best3 - sum3;
    }
  }

  /**
   * Stores a row of {@code scratch.difference}, frame t, whose posteriors are the i-th there, after
   * the blank and the certain class have been added.
   */
  private static void store(Utterance u, int t, int i, int row, Scratch scratch) {
    double[] p = scratch.emission.ofSlots;
    int at = scratch.emission.slotsAt(t);
    int distinct = u.target.distinct;
    double best = bestP(u, t);
    double[] difference = scratch.difference;
    difference[row + distinct] = p[at + distinct] * best - scratch.blankGamma[i];
    if (u.softmaxTerm && u.emissions.bestP[t] == Double.POSITIVE_INFINITY) {
      u.emissions.addScores(t, 1 / u.gammaNorm, difference, row, scratch);
    }
    int certain = u.emissions.certain[t];
    if (certain >= 0) {
      double gammas = 0; // of the others
      for (int k = 0; k <= distinct; k++) {
        gammas += k == certain ? 0 : p[at + k] * best - difference[row + k];
      }
      difference[row + certain] =
          gammas - (u.softmaxTerm ? u.emissions.others[t] : 1) / u.gammaNorm;
    }
    scratch.gradient.store(t, u.target.classOf, difference, row, distinct + 1, u.gammaNorm);
  }

  /**
   * p(t, best), if it is asked for, as it is to be subtracted from products of alpha and beta; 0 of
   * scores so large that it is no number.
   */
  private static double bestP(Utterance u, int t) {
    double p = u.emissions.bestP[t];
    return u.softmaxTerm && p < Double.POSITIVE_INFINITY ? 1 / u.gammaNorm * p : 0;
  }
}
