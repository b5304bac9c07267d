package org.ctc4j;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Targets with wildcards by their definition: every sequence of states is listed, as which elements
 * it visits and how many frames each of them and each blank has. Linear domain, no recursion over
 * frames, nothing shared with any backend. For tiny inputs.
 */
public final class WildcardBruteForce {
  private final int[] target;
  private final Wildcards wildcards;
  private final int frames;
  private final double[][] weight; // of states, (T, S)
  private final double[][] softmax;
  private final double[][] weights; // of classes, (T, C)
  private final int blank;
  private final int[] states;
  private final List<Path> paths = new ArrayList<>();

  /** One sequence of states. */
  public record Path(int[] states, double weight) {}

  /**
   * @param offsets what is added to the log-probability of each class
   */
  public WildcardBruteForce(
      double[][] logits, int[] target, Wildcards wildcards, int blank, double[] offsets) {
    this.target = target;
    this.wildcards = wildcards;
    this.blank = blank;
    this.frames = logits.length;
    this.states = new int[frames];
    this.weight = new double[frames][2 * target.length + 1];
    this.softmax = new double[frames][];
    this.weights = new double[frames][];
    for (int t = 0; t < frames; t++) {
      double sum = Arrays.stream(logits[t]).map(Math::exp).sum();
      softmax[t] = Arrays.stream(logits[t]).map(x -> Math.exp(x) / sum).toArray();
      double[] y = softmax[t];
      weights[t] = new double[y.length];
      Arrays.setAll(weights[t], c -> y[c] * Math.exp(offsets[c]));
      for (int s = 0; s < weight[t].length; s++) {
        for (int c = 0; c < y.length; c++) {
          weight[t][s] += takes(s, c) ? weights[t][c] * Math.exp(-penalty(s)) : 0;
        }
      }
    }
    blanks(0, -1, 0);
  }

  private int symbol(int s) {
    return s % 2 == 0 ? blank : target[s / 2];
  }

  private boolean takes(int s, int c) {
    return switch (symbol(s)) {
      case Wildcards.FRAMES -> true;
      case Wildcards.LABELS -> c != blank;
      default -> c == symbol(s);
    };
  }

  private double penalty(int s) {
    return switch (symbol(s)) {
      case Wildcards.FRAMES -> wildcards.framePenalty();
      case Wildcards.LABELS -> wildcards.labelPenalty();
      default -> 0;
    };
  }

  /** From frame t on: blanks after element i, then the next element that is visited, or the end. */
  private void blanks(int t, int i, double cost) {
    for (int count = 0; t + count <= frames; count++) {
      Arrays.fill(states, t, t + count, 2 * i + 2);
      double total = cost;
      for (int j = i + 1; j <= target.length; j++) {
        if (j == target.length) {
          if (t + count == frames) {
            end(total);
          }
          break;
        }
        boolean isRepeat = i >= 0 && target[j] == target[i] && target[j] >= 0;
        if (count > 0 || !isRepeat) {
          element(t + count, j, total);
        }
        if (target[j] != Wildcards.FRAMES) {
          if (wildcards.skipCost() == Double.POSITIVE_INFINITY) {
            break;
          }
          total += wildcards.skipCost();
        }
      }
    }
  }

  /** From frame t on: element j, then what comes after it. */
  private void element(int t, int j, double cost) {
    for (int count = 1; t + count <= frames; count++) {
      int inner = Math.max(0, count - 2); // frames of a run of labels that may be blanks
      for (int blanks = 0; blanks < 1 << (target[j] == Wildcards.LABELS ? inner : 0); blanks++) {
        for (int k = 0; k < count; k++) {
          boolean isBlank = k > 0 && (blanks >> (k - 1) & 1) == 1;
          states[t + k] = isBlank ? 2 * j + 2 : 2 * j + 1;
        }
        blanks(t + count, j, cost);
      }
    }
  }

  private void end(double cost) {
    double product = Math.exp(-cost);
    for (int t = 0; t < frames; t++) {
      product *= weight[t][states[t]];
    }
    paths.add(new Path(states.clone(), product));
  }

  public List<Path> paths() {
    return paths;
  }

  public double total() {
    return paths.stream().mapToDouble(Path::weight).sum();
  }

  public double loss() {
    return 0 - Math.log(total());
  }

  /** (T, S). */
  public double[][] statePosteriors() {
    double[][] posteriors = new double[frames][2 * target.length + 1];
    double total = total();
    for (Path path : paths) {
      for (int t = 0; t < frames && total > 0; t++) {
        posteriors[t][path.states[t]] += path.weight / total;
      }
    }
    return posteriors;
  }

  /** (T, C). */
  public double[][] posteriors() {
    double[][] ofStates = statePosteriors();
    double[][] posteriors = new double[frames][];
    for (int t = 0; t < frames; t++) {
      posteriors[t] = new double[softmax[t].length];
      for (int s = 0; s < ofStates[t].length; s++) {
        for (int c = 0; c < softmax[t].length; c++) {
          if (takes(s, c) && ofStates[t][s] > 0) {
            posteriors[t][c] +=
                ofStates[t][s] * weights[t][c] * Math.exp(-penalty(s)) / weight[t][s];
          }
        }
      }
    }
    return posteriors;
  }

  /** With respect to logits, (T, C). */
  public double[][] gradient() {
    double[][] gradient = posteriors();
    boolean isFeasible = total() > 0;
    for (int t = 0; t < frames; t++) {
      for (int c = 0; c < gradient[t].length; c++) {
        gradient[t][c] = isFeasible ? softmax[t][c] - gradient[t][c] : 0;
      }
    }
    return gradient;
  }
}
