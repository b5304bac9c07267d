package org.ctc4j.cpu;

import java.util.Arrays;
import org.ctc4j.InputKind;

/**
 * Stage 1: per frame the log-sum-exp over all classes, softmax × weight into the gradient, and the
 * label probabilities. The one full read of the logits and the one full write of the gradient.
 *
 * <pre>
 * max = max_c x(c);  sum = Σ_c e^(x(c) − max);  ln p(c) = x(c) − max − ln sum
 * </pre>
 *
 * <p>The row is gone through three times, but comes from memory once: C float32 numbers stay in the
 * first or second cache between the passes, and what e<sup>x − max</sup> was is kept in the
 * gradient itself. Where one class has more than half of the probability ("certain" frames) the
 * others are summed once more without it, so that ln sum = log1p(Σ others) keeps its relative
 * precision near 0.
 *
 * <p>Rejected: one pass with a running maximum, which multiplies the exponentials by two.
 */
final class FrameStage {
  private static final float EXP_LIMIT = 88; // e^x is finite in float32

  private FrameStage() {}

  /** Frames [from, to) of the utterance; other threads may do others at the same time. */
  static void run(Utterance u, int from, int to, Scratch scratch) {
    long bits = 0;
    boolean possible = true;
    for (int t = from; t < to; t++) {
      scratch.logits.seek(t, u.input == InputKind.LOGITS);
      scratch.gradient.seek(t);
      if (!(u.input == InputKind.LOGITS ? normalise(u, t, scratch) : take(u, t, scratch))) {
        u.markNotFinite();
        return;
      }
      int range =
          u.emissions.rowMax[t] == Double.NEGATIVE_INFINITY
              ? -1
              : u.emissions.put(t, scratch.logits, scratch);
      possible &= range >= 0;
      bits += Math.max(range, 0) + 1;
    }
    u.addFrames(bits, possible);
  }

  /** Returns false if the row is not finite. */
  private static boolean normalise(Utterance u, int t, Scratch scratch) {
    LogitRows x = scratch.logits;
    GradientRows out = scratch.gradient;
    Kernels kernels = scratch.kernels;
    int classes = u.classes;
    float shift = kernels.max(x.array, x.at, classes);
    if (shift == Float.NEGATIVE_INFINITY) {
      // every number is −Infinity or NaN: no label is possible
      u.emissions.rowMax[t] = Double.NEGATIVE_INFINITY;
      return x.isFinite(kernels);
    }
    double sum = kernels.exp(x.array, x.at, classes, shift, out.array, out.at);
    if (Double.isNaN(sum)) {
      return false; // NaN itself, or +Infinity − +Infinity
    }
    double others = -1;
    double log;
    if (sum < 2) {
      others = kernels.sumBelowOne(out.array, out.at, classes);
      log = Math.log1p(others);
      others /= 1 + others;
    } else {
      log = Math.log(sum);
    }
    u.emissions.rowMax[t] = x.isDouble() ? x.max : shift;
    u.emissions.rowLog[t] = log;
    u.others[t] = others;
    if (u.wantsGradient) {
      kernels.scale(out.array, out.at, classes, (float) (out.factor / sum));
      out.store(t);
    }
    return true;
  }

  /** Log-probabilities are taken as they come. Returns false if the row is not finite. */
  private static boolean take(Utterance u, int t, Scratch scratch) {
    LogitRows x = scratch.logits;
    Kernels kernels = scratch.kernels;
    if (!x.isFinite(kernels)) {
      return false;
    }
    u.emissions.rowMax[t] = 0;
    u.emissions.rowLog[t] = 0;
    u.others[t] = -1;
    if (u.wantsGradient) {
      GradientRows out = scratch.gradient;
      if (!u.softmaxTerm) {
        Arrays.fill(out.array, out.at, out.at + u.classes, 0);
      } else if (kernels.max(x.array, x.at, u.classes) < EXP_LIMIT) {
        kernels.exp(x.array, x.at, u.classes, 0, out.array, out.at);
        kernels.scale(out.array, out.at, u.classes, out.factor);
      } else {
        for (int c = 0; c < u.classes; c++) {
          out.array[out.at + c] = (float) (Math.exp(x.array[x.at + c]) * out.factor);
        }
      }
      out.store(t);
    }
    return true;
  }
}
