package org.ctc4j.cli;

import java.util.Arrays;
import org.ctc4j.CtcResult;
import org.ctc4j.Targets;
import org.ctc4j.Wildcards;
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
   * @param targets of one utterance
   * @param result with its state posteriors
   */
  static StateRows of(Targets targets, CtcResult result, Vocabulary vocabulary) {
    String[] names = new String[2 * targets.length(0) + 1];
    Arrays.fill(names, "_");
    for (int i = 0; i < targets.length(0); i++) {
      names[2 * i + 1] = ClassRows.symbol(vocabulary, targets.label(0, i));
    }
    double[][] posterior = new double[result.statePosteriors().frames()][names.length];
    for (int t = 0; t < posterior.length; t++) {
      for (int s = 0; s < names.length; s++) {
        posterior[t][s] = result.statePosteriors().get(t, 0, s);
      }
    }
    return new StateRows(names, posterior, framesBefore(targets), framesAfter(targets));
  }

  /** S. */
  int count() {
    return names.length;
  }

  /** Whether a path can be in state s at frame t: reached from the start, with time to end. */
  boolean isReachable(int t, int s) {
    return t >= framesBefore[s] && posterior.length - 1 - t >= framesAfter[s];
  }

  /**
   * The least number of frames that come before a path is in each state: where elements are passed
   * over it comes from any before them, but not from a label to its like.
   */
  private static int[] framesBefore(Targets targets) {
    int length = targets.length(0);
    int[] before = new int[2 * length + 1];
    for (int i = 0; i < length; i++) {
      int least = passes(targets, 0, i) ? 0 : Integer.MAX_VALUE;
      for (int j = i - 1; j >= 0 && passes(targets, j + 1, i); j--) {
        least = Math.min(least, before[2 * j + (isAlike(targets, j, i) ? 2 : 1)] + 1);
      }
      before[2 * i + 1] = least;
      before[2 * i + 2] = least + 1;
    }
    return before;
  }

  /** The least number of frames that follow after each state. */
  private static int[] framesAfter(Targets targets) {
    int length = targets.length(0);
    int[] after = new int[2 * length + 1];
    for (int i = length - 1; i >= -1; i--) {
      int ofElement = passes(targets, i + 1, length) ? 0 : Integer.MAX_VALUE;
      int ofBlank = ofElement;
      for (int j = i + 1; j < length && passes(targets, i + 1, j); j++) {
        ofBlank = Math.min(ofBlank, after[2 * j + 1] + 1);
        boolean needsBlank = i >= 0 && isAlike(targets, i, j);
        ofElement = needsBlank ? ofElement : Math.min(ofElement, after[2 * j + 1] + 1);
      }
      after[2 * i + 2] = ofBlank;
      if (i >= 0) {
        after[2 * i + 1] = Math.min(ofElement, ofBlank + 1);
      }
    }
    return after;
  }

  private static boolean isAlike(Targets targets, int i, int j) {
    return !Wildcards.is(targets.label(0, i)) && targets.label(0, i) == targets.label(0, j);
  }

  /** Whether elements from … to − 1 can be passed over. */
  private static boolean passes(Targets targets, int from, int to) {
    Wildcards wildcards = targets.wildcards();
    for (int i = from; i < to; i++) {
      if (wildcards == null
          || wildcards.costOfPassing(targets.label(0, i)) == Double.POSITIVE_INFINITY) {
        return false;
      }
    }
    return true;
  }
}
