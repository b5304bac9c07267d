package org.ctc4j.cpu;

/**
 * Stage 3: overwrites the gradient of the classes that the target has, frame by frame, equation
 * (16) of Graves et al. (ICML 2006), and stores posteriors:
 *
 * <pre>
 * gradient(t, c) = weight · (p(t, c) − γ(t, c)),   γ(t, c) = Σ_{states of c} α β / p(target)
 * </pre>
 *
 * <p>With respect to probabilities themselves it is weight · −γ(t, c) / p(t, c).
 *
 * <p>Posteriors of a class are added in the order of its labels.
 *
 * <p>Near the end of training p and γ both approach 1, and their difference would be lost in
 * rounding. Where one class has more than half of a frame's probability, its gradient is computed
 * from the others instead, (1 − γ) − (1 − p) = Σ others' γ − Σ others' p: both small sums of
 * positive numbers.
 */
final class LabelStage {
  private LabelStage() {}

  /**
   * Writes gradient and posteriors of some frames, whose products are the first in the scratch and
   * at which {@code scratch.emission} stands.
   */
  static void store(Utterance u, int from, int count, Scratch scratch) {
    if (u.wantsGradient) {
      for (int i = 0; i < count; i += EmissionRows.AT_ONCE) {
        takeProbabilities(u, from + i, scratch);
        subtract(u, from + i, i, scratch);
        for (int k = i; k < Math.min(i + EmissionRows.AT_ONCE, count); k++) {
          store(u, from + k, k, (k - i) * scratch.columnsLength, scratch);
        }
      }
    }
    if (u.wantsPosteriors) {
      int rowLength = u.memory.stripes().rowLength();
      for (int i = 0; i < count; i++) {
        scratch.posteriors.store(from + i, scratch.products.ofStates, i * rowLength);
      }
    }
  }

  /** Has the scratch stand at the columns of frame t and the next ones, without their offsets. */
  private static void takeProbabilities(Utterance u, int t, Scratch scratch) {
    scratch.p = scratch.emission.ofColumns;
    scratch.pAt = scratch.emission.columnsAt(t);
    if (u.emissions.hasOffsets()) {
      double[] own = scratch.withoutOffsets();
      u.emissions.copyWithoutOffsets(scratch.p, scratch.pAt, own, EmissionRows.AT_ONCE);
      scratch.p = own;
      scratch.pAt = 0;
    }
  }

  /** p − γ of labels; rows beyond the last frame are computed too, from whatever there is. */
  private static void subtract(Utterance u, int t, int i, Scratch scratch) {
    double[] p = scratch.p;
    int at = scratch.pAt;
    double best0 = bestP(u, t);
    double best1 = bestP(u, t + 1);
    double best2 = bestP(u, t + 2);
    double best3 = bestP(u, t + 3);
    double[] products = scratch.products.ofStates;
    int width = u.memory.stripes().width();
    int from = (2 * i + 1) * width;
    int step = 2 * width;
    double[] into = scratch.difference;
    int n = scratch.columnsLength;
    int[] places = u.target.places;
    int[] first = u.target.first;
    int distinct = u.target.distinct;
    int j = 0;
    for (int k = 0; k < distinct; k++) {
      int end = first[k + 1];
      double sum0 = 0;
      double sum1 = 0;
      double sum2 = 0;
      double sum3 = 0;
      for (; j < end; j++) {
        int g = from + places[j];
        sum0 += products[g];
        sum1 += products[g + step];
        sum2 += products[g + 2 * step];
        sum3 += products[g + 3 * step];
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
    double[] p = scratch.p;
    int at = scratch.pAt + row;
    int distinct = u.target.distinct;
    double best = bestP(u, t);
    double[] difference = scratch.difference;
    difference[row + distinct] = p[at + distinct] * best - scratch.products.ofBlanks[i];
    if (u.softmaxTerm && u.emissions.bestP[t] == Double.POSITIVE_INFINITY) {
      u.emissions.addScores(t, u.posteriorSum, difference, row, scratch);
    }
    int certain = u.emissions.certain[t];
    if (certain >= 0) {
      difference[row + certain] = p[at + certain] * best; // whose posterior is left out
      double sum = posteriors(p, at, best, difference, row, distinct + 1);
      difference[row + certain] =
          sum - (u.softmaxTerm ? u.emissions.others[t] : 1) * u.posteriorSum;
    }
    if (u.perProbability) {
      u.emissions.divideByProbabilities(t, difference, row, scratch);
    }
    scratch.gradient.store(t, u.target.classOf, difference, row, distinct + 1, u.posteriorNorm);
  }

  /**
   * The sum of the posteriors of n columns. Four accumulators: one would wait for each addition.
   */
  private static double posteriors(
      double[] p, int at, double best, double[] difference, int row, int n) {
    double sum0 = 0;
    double sum1 = 0;
    double sum2 = 0;
    double sum3 = 0;
    int k = 0;
    for (; k < n - 3; k += 4) {
      sum0 += p[at + k] * best - difference[row + k];
      sum1 += p[at + k + 1] * best - difference[row + k + 1];
      sum2 += p[at + k + 2] * best - difference[row + k + 2];
      sum3 += p[at + k + 3] * best - difference[row + k + 3];
    }
    for (; k < n; k++) {
      sum0 += p[at + k] * best - difference[row + k];
    }
    return (sum0 + sum1) + (sum2 + sum3);
  }

  /**
   * p(t, best), if it is asked for, as it is to be subtracted from products of alpha and beta; 0 of
   * scores so large that it is no number.
   */
  private static double bestP(Utterance u, int t) {
    double p = u.emissions.bestP[t];
    return u.softmaxTerm && p < Double.POSITIVE_INFINITY ? u.posteriorSum * p : 0;
  }
}
