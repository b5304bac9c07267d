package org.ctc4j.cpu;

/**
 * Stage 3: overwrites the gradient of the classes that the target has, frame by frame:
 *
 * <pre>
 * gradient(t, c) = weight · (p(t, c) − γ(t, c)),   γ(t, c) = Σ_{states of c} α β / p(target)
 * </pre>
 *
 * <p>Posteriors of a class are added in the order in which its labels stand in a row.
 *
 * <p>Near the end of training p and γ both approach 1, and their difference would be lost in
 * rounding. Where one class has more than half of a frame's probability, its gradient is computed
 * from the others instead, (1 − γ) − (1 − p) = Σ others' γ − Σ others' p: both small sums of
 * positive numbers.
 */
final class LabelStage {
  private LabelStage() {}

  /** Frame t, at which {@code scratch.emission} stands and whose posteriors are the i-th there. */
  static void run(Utterance u, int t, int i, Scratch scratch) {
    Target target = u.target;
    int distinct = target.distinct;
    double[] p = scratch.emission.p;
    int at = scratch.emission.at(t);
    double unit = u.gammaNorm; // what a product of alpha and beta counts as
    double best = (u.softmaxTerm ? u.emissions.bestP[t] : 0) / unit;
    double[] difference = scratch.difference;
    for (int k = 0; k <= distinct; k++) {
      difference[k] = p[at + k] * best;
    }
    int width = u.plan().stripes().width();
    subtract(scratch.gamma, (2 * i + 1) * width, width, target.slotAt, difference);
    difference[distinct] -= scratch.blankGamma[i];
    int certain = u.emissions.certain[t];
    if (certain >= 0) {
      double gammas = 0; // of the others
      for (int k = 0; k <= distinct; k++) {
        gammas += k == certain ? 0 : p[at + k] * best - difference[k];
      }
      difference[certain] = gammas - (u.softmaxTerm ? u.emissions.others[t] : 1) / unit;
    }
    scratch.gradient.store(t, target.classOf, difference, distinct + 1, unit);
  }

  private static void subtract(
      double[] gamma, int at, int width, int[] slotAt, double[] difference) {
    for (int i = 0; i < width; i++) {
      difference[slotAt[i]] -= gamma[at + i];
    }
  }
}
