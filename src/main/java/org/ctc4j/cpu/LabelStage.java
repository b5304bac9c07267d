package org.ctc4j.cpu;

/**
 * Stage 3: overwrites the gradient of the classes that the target has, frame by frame:
 *
 * <pre>
 * gradient(t, c) = weight · (p(t, c) − γ(t, c)),   γ(t, c) = Σ_{states of c} α β / Σ_{all states} α β
 * </pre>
 *
 * <p>The sum below is p(target) in every frame; dividing by the frame's own value of it takes away
 * what rounding has gathered over the frames. Posteriors of a class are added in the order of its
 * labels.
 *
 * <p>Near the end of training p and γ both approach 1, and their difference would be lost in
 * float32. Where one class has more than half of a frame's probability, its gradient is computed
 * from the others instead, (1 − γ) − (1 − p) = Σ others' γ − Σ others' p: both small sums of
 * positive numbers.
 */
final class LabelStage {
  private LabelStage() {}

  /** Frame t, at which {@code scratch.emission} stands and of which scratch.gamma is filled. */
  static void run(Utterance u, int t, Scratch scratch) {
    Target target = u.target;
    Emission emission = scratch.emission;
    GradientRows out = scratch.gradient;
    float[] gamma = scratch.gamma;
    float[] sums = scratch.sums;
    int distinct = target.distinct;
    for (int k = 0; k < distinct; k++) {
      sums[k] = 0;
    }
    int[] slot = target.slot;
    int high = Math.min(u.plan().high(t), target.length);
    for (int i = u.plan().low(t); i < high; i++) {
      sums[slot[i]] += gamma[i];
    }
    float blanks = gamma[u.width()];
    double norm = 1.0 / ((double) blanks + gamma[u.width() + 1]);
    double best = u.softmaxTerm ? Math.exp(emission.logBest) : 0;
    double factor = out.factor;

    // a frame that is certain of a label of the target: that one is exactly 1 in the emission
    boolean certain = u.others[t] >= 0 && emission.logBest == 0 - u.emissions.rowLog[t];
    int top = -1;
    double otherGamma = 0;
    for (int k = 0; k < distinct; k++) {
      int at = emission.at + target.first[k];
      double g = norm * sums[k];
      if (certain && isOne(emission.m[at], emission.e[at])) {
        top = target.classOf[k];
      } else {
        otherGamma += g;
        out.store(t, target.classOf[k], factor * (p(emission.m[at], emission.e[at], best) - g));
      }
    }
    if (certain && isOne(emission.blankM, emission.blankE)) {
      top = u.blank;
    } else {
      double g = norm * blanks;
      otherGamma += g;
      out.store(t, u.blank, factor * (p(emission.blankM, emission.blankE, best) - g));
    }
    if (top >= 0) {
      double minus = u.softmaxTerm ? u.others[t] : 1;
      out.store(t, top, factor * (otherGamma - minus));
    }
  }

  private static boolean isOne(float m, int e) {
    return m == 1 && e == -Extended.BIAS;
  }

  private static double p(float m, int e, double best) {
    return m * Extended.power(e + Extended.BIAS) * best;
  }
}
