package org.ctc4j.cli;

import java.util.Arrays;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.Wildcards;
import org.ctc4j.host.LogProbs;
import org.ctc4j.text.Vocabulary;

/**
 * What an explanation shows by class. Rows are the target's classes in the order in which they
 * first appear, then the blank, then all other classes together.
 *
 * @param names of the R rows
 * @param otherNames of the most probable class that the target does not have, in each of T frames
 * @param probability (T, R)
 * @param gradient (T, R), softmax − posterior
 */
record ClassRows(String[] names, String[] otherNames, double[][] probability, double[][] gradient) {

  /**
   * @param batch of one utterance
   * @param posterior (T, S), of its states
   */
  static ClassRows of(
      CtcBatch batch, CtcOptions options, double[][] posterior, Vocabulary vocabulary) {
    int[] target = Explanation.target(batch, 0);
    int[] rowOf = new int[batch.logits().classes()];
    String[] names = names(target, options.blank(), vocabulary, rowOf);
    int frames = batch.inputLength(0);
    String[] otherNames = new String[frames];
    double[][] probability = new double[frames][names.length];
    double[][] gradient = new double[frames][];
    LogProbs logProbs = new LogProbs(batch.logits(), 0, frames, options.input());
    double[] row = new double[rowOf.length];
    for (int t = 0; t < frames; t++) {
      logProbs.read(t, row);
      double best = -1;
      for (int c = 0; c < row.length; c++) {
        if (rowOf[c] == names.length - 1 && Math.exp(row[c]) > best) {
          best = Math.exp(row[c]);
          otherNames[t] = symbol(vocabulary, c);
        }
        probability[t][rowOf[c]] += Math.exp(row[c]);
      }
      gradient[t] = probability[t].clone();
      for (int s = 0; s < posterior[t].length; s++) {
        int c = s % 2 == 0 ? options.blank() : target[s / 2];
        if (Wildcards.is(c)) {
          int leftOut = c == Wildcards.FRAMES ? -1 : rowOf[options.blank()];
          share(posterior[t][s], probability[t], leftOut, gradient[t]);
        } else {
          gradient[t][rowOf[c]] -= posterior[t][s];
        }
      }
    }
    return new ClassRows(names, otherNames, probability, gradient);
  }

  /** Takes off each row its part of what a wildcard has, in proportion to what the rows have. */
  private static void share(
      double ofWildcard, double[] probability, int leftOut, double[] gradient) {
    double sum = 0;
    for (int row = 0; row < probability.length; row++) {
      sum += row == leftOut ? 0 : probability[row];
    }
    for (int row = 0; row < probability.length && ofWildcard > 0; row++) {
      gradient[row] -= row == leftOut ? 0 : ofWildcard * probability[row] / sum;
    }
  }

  /** Of the rows; fills in the row of each class. */
  private static String[] names(int[] target, int blank, Vocabulary vocabulary, int[] rowOf) {
    int[] classes = Arrays.stream(target).filter(c -> !Wildcards.is(c)).distinct().toArray();
    String[] names = new String[classes.length + 2];
    Arrays.fill(rowOf, classes.length + 1);
    for (int row = 0; row < classes.length; row++) {
      rowOf[classes[row]] = row;
      names[row] = symbol(vocabulary, classes[row]);
    }
    rowOf[blank] = classes.length;
    names[classes.length] = "blank _";
    names[classes.length + 1] = "all others";
    return names;
  }

  /** Class c where there is little room: the blank as "_", a space as "␣", a wildcard as "*". */
  static String symbol(Vocabulary vocabulary, int c) {
    if (Wildcards.is(c)) {
      return vocabulary.token(c);
    }
    return switch (vocabulary.role(c)) {
      case BLANK -> "_";
      case SPACE -> "␣";
      default -> vocabulary.token(c).isEmpty() ? "∅" : vocabulary.token(c);
    };
  }
}
