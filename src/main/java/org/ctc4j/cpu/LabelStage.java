package org.ctc4j.cpu;

import java.util.Arrays;

/**
 * Stage 3: overwrites the gradient of the classes that the target has, frame by frame:
 *
 * <pre>
 * gradient(t, c) = weight · (p(t, c) − γ(t, c)),   γ(t, c) = Σ_{states of c} α β / Σ_{all states} α β
 * </pre>
 *
 * <p>The sum below is p(target) in every frame; dividing by the frame's own value of it takes away
 * what rounding has gathered over the frames. Posteriors of a class are added in the order in which
 * its labels stand in a row.
 *
 * <p>Near the end of training p and γ both approach 1, and their difference would be lost in
 * rounding. Where one class has more than half of a frame's probability, its gradient is computed
 * from the others instead, (1 − γ) − (1 − p) = Σ others' γ − Σ others' p: both small sums of
 * positive numbers.
 */
final class LabelStage {
  private LabelStage() {}

  /** Frame t, at which {@code scratch.emission} stands and of which scratch.gamma is filled. */
  static void run(Utterance u, int t, Scratch scratch) {
    Target target = u.target;
    int distinct = target.distinct;
    double[] sums = scratch.sums;
    Arrays.fill(sums, 0, distinct + 2, 0);
    add(scratch.gamma, u.plan().stripes().width(), target.slotAt, sums);
    sums[distinct] = scratch.blankGamma;
    double total = 0;
    for (int k = 0; k <= distinct; k++) {
      total += sums[k];
    }
    double norm = 1 / total;
    int certain = u.emissions.certain[t];
    double others = certain < 0 ? 0 : norm * sumWithout(certain, sums, distinct + 1);
    double best = u.softmaxTerm ? u.emissions.bestP[t] : 0;
    double[] p = scratch.emission.p;
    int at = scratch.emission.at;
    for (int k = 0; k <= distinct; k++) {
      sums[k] = p[at + k] * best - norm * sums[k];
    }
    if (certain >= 0) {
      sums[certain] = others - (u.softmaxTerm ? u.emissions.others[t] : 1);
    }
    scratch.gradient.store(t, target.classOf, sums, distinct + 1);
  }

  /** Adds those of the labels, which stand after as many blanks. */
  private static void add(double[] gamma, int width, int[] slotAt, double[] sums) {
    for (int i = 0; i < width; i++) {
      sums[slotAt[i]] += gamma[width + i];
    }
  }

  private static double sumWithout(int slot, double[] sums, int n) {
    double sum = 0;
    for (int k = 0; k < n; k++) {
      sum += k == slot ? 0 : sums[k];
    }
    return sum;
  }
}
