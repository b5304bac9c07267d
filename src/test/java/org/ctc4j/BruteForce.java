package org.ctc4j;

import java.util.Arrays;

/**
 * CTC by its definition: every one of the C^T frame-level paths is collapsed (repeats merged, then
 * blanks removed) and compared with the target. Linear domain, no recursion over states, nothing
 * shared with any backend. For tiny inputs.
 */
public final class BruteForce {
  private final double loss;
  private final double[][] posterior; // [t][c]
  private final double[][] statePosterior; // [t][s]
  private final double[][] softmax; // [t][c]

  public BruteForce(double[][] logits, int[] target, int blank) {
    this(logits, target, blank, new double[logits.length == 0 ? 1 : logits[0].length]);
  }

  /**
   * @param offsets what is added to the log-probability of each class
   */
  public BruteForce(double[][] logits, int[] target, int blank, double[] offsets) {
    int frames = logits.length;
    int classes = frames == 0 ? 1 : logits[0].length;
    softmax = new double[frames][];
    for (int t = 0; t < frames; t++) {
      softmax[t] = softmax(logits[t]);
    }
    posterior = new double[frames][classes];
    statePosterior = new double[frames][2 * target.length + 1];
    double total = 0;
    int[] path = new int[frames];
    do {
      if (Arrays.equals(collapse(path, blank), target)) {
        double p = 1;
        for (int t = 0; t < frames; t++) {
          p *= softmax[t][path[t]] * Math.exp(offsets[path[t]]);
        }
        total += p;
        for (int t = 0; t < frames; t++) {
          posterior[t][path[t]] += p;
        }
        int labels = 0; // begun so far
        for (int t = 0; t < frames; t++) {
          boolean label = path[t] != blank;
          labels += label && (t == 0 || path[t] != path[t - 1]) ? 1 : 0;
          statePosterior[t][label ? 2 * labels - 1 : 2 * labels] += p;
        }
      }
    } while (next(path, classes));
    loss = total == 0 ? Double.POSITIVE_INFINITY : 0 - Math.log(total);
    divide(posterior, total);
    divide(statePosterior, total);
  }

  private static void divide(double[][] rows, double total) {
    for (double[] row : rows) {
      for (int c = 0; c < row.length; c++) {
        row[c] = total == 0 ? 0 : row[c] / total;
      }
    }
  }

  /** Repeats merged, then blanks removed. */
  public static int[] collapse(int[] path, int blank) {
    int[] labels = new int[path.length];
    int count = 0;
    for (int t = 0; t < path.length; t++) {
      boolean repeat = t > 0 && path[t] == path[t - 1];
      if (!repeat && path[t] != blank) {
        labels[count++] = path[t];
      }
    }
    return Arrays.copyOf(labels, count);
  }

  public double loss() {
    return loss;
  }

  /** With respect to the logit of frame t and class c. */
  public double gradient(int t, int c) {
    return loss == Double.POSITIVE_INFINITY ? 0 : softmax[t][c] - posterior[t][c];
  }

  /** The probability, given the target, that a path is at class c in frame t. */
  public double posterior(int t, int c) {
    return posterior[t][c];
  }

  /** The same of state s: blank, label 0, blank, label 1, …, blank. */
  public double statePosterior(int t, int s) {
    return statePosterior[t][s];
  }

  private static boolean next(int[] path, int classes) {
    for (int t = 0; t < path.length; t++) {
      if (++path[t] < classes) {
        return true;
      }
      path[t] = 0;
    }
    return false;
  }

  private static double[] softmax(double[] logits) {
    double max = Arrays.stream(logits).max().orElseThrow();
    double[] p = Arrays.stream(logits).map(x -> Math.exp(x - max)).toArray();
    double sum = Arrays.stream(p).sum();
    return Arrays.stream(p).map(x -> x / sum).toArray();
  }
}
