package org.ctc4j.cli;

import java.util.Arrays;
import org.ctc4j.CtcResult;
import org.ctc4j.text.Vocabulary;

/**
 * What an explanation shows by state: the S states of a target, blanks around its labels.
 *
 * @param names of the states
 * @param posterior (T, S), the probability of each state given the target
 * @param framesBefore (S), how many frames must pass before each state
 * @param framesAfter (S), how many must follow after it
 */
record StateRows(String[] names, double[][] posterior, int[] framesBefore, int[] framesAfter) {

  /**
   * @param result with the state posteriors of one utterance
   */
  static StateRows of(int[] target, CtcResult result, Vocabulary vocabulary) {
    String[] names = new String[2 * target.length + 1];
    Arrays.fill(names, "_");
    for (int i = 0; i < target.length; i++) {
      names[2 * i + 1] = ClassRows.symbol(vocabulary, target[i]);
    }
    double[][] posterior = new double[result.statePosteriors().frames()][names.length];
    for (int t = 0; t < posterior.length; t++) {
      for (int s = 0; s < names.length; s++) {
        posterior[t][s] = result.statePosteriors().get(t, 0, s);
      }
    }
    return new StateRows(names, posterior, framesBefore(target), framesAfter(target));
  }

  /** S. */
  int count() {
    return names.length;
  }

  /** Whether a path can be in state s at frame t: reached from the start, with time to end. */
  boolean isReachable(int t, int s) {
    return t >= framesBefore[s] && posterior.length - 1 - t >= framesAfter[s];
  }

  /** The least number of frames that come before a path is in each state. */
  private static int[] framesBefore(int[] target) {
    int[] before = new int[2 * target.length + 1];
    for (int s = 2; s < before.length; s++) {
      boolean skips = s % 2 == 1 && target[s / 2] != target[s / 2 - 1];
      before[s] = before[skips ? s - 2 : s - 1] + 1;
    }
    return before;
  }

  /** The least number of frames that follow after each state: the same from the other end. */
  private static int[] framesAfter(int[] target) {
    int[] reversed = new int[target.length];
    Arrays.setAll(reversed, i -> target[target.length - 1 - i]);
    int[] before = framesBefore(reversed);
    int[] after = new int[before.length];
    Arrays.setAll(after, s -> before[before.length - 1 - s]);
    return after;
  }
}
