package org.ctc4j.cli;

import java.math.BigInteger;
import java.util.Arrays;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcAligner;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcPath;
import org.ctc4j.CtcPaths;
import org.ctc4j.CtcResult;
import org.ctc4j.CtcStatus;
import org.ctc4j.FrameTensor;
import org.ctc4j.InvalidInputException;
import org.ctc4j.Targets;
import org.ctc4j.host.LogProbCheck;
import org.ctc4j.host.LogProbs;
import org.ctc4j.text.Vocabulary;

/**
 * All that is to be shown of one utterance. Rows are the target's classes in the order in which
 * they first appear, then the blank, then all other classes together.
 *
 * @param title the target as text
 * @param window which frames of the utterance these are
 * @param rowNames of the R rows
 * @param otherNames of the most probable class that the target does not have, in each of T frames
 * @param stateNames of the S states
 * @param probability (T, R)
 * @param posterior (T, S), the probability of each state given the target
 * @param gradient (T, R), softmax − posterior
 * @param path the best one
 * @param loss −ln p(target), in nats
 * @param paths how many paths collapse to the target
 * @param framesBefore (S), how many frames must pass before each state
 * @param framesAfter (S), how many must follow after it
 */
record Explanation(
    String title,
    FrameWindow window,
    String[] rowNames,
    String[] otherNames,
    String[] stateNames,
    double[][] probability,
    double[][] posterior,
    double[][] gradient,
    CtcPath path,
    double loss,
    BigInteger paths,
    int[] framesBefore,
    int[] framesAfter) {
  private static final int MOST_FRAMES = 3000;
  private static final int MOST_STATES = 1000;

  /**
   * Utterance n of a batch that goes with the options.
   *
   * @param wanted frames of it, explained as if there were no others: their target is what the best
   *     path says in them; null for all
   */
  static Explanation of(
      CtcBatch all, int n, FrameWindow wanted, CtcOptions options, Vocabulary vocabulary) {
    LogProbCheck.check(all, options.input());
    CtcBatch whole = alone(all, n);
    FrameWindow window = wanted == null ? FrameWindow.all(whole.inputLength(0)) : wanted;
    CtcPath path = align(whole, options);
    requirePath(n, whole, path.status());
    CtcBatch batch = window.of(whole, path);
    path = batch == whole ? path : align(batch, options);
    int[] target = new int[batch.targets().length(0)];
    batch.targets().copyTo(0, target);
    requireDrawable(n, batch);
    CtcResult result;
    try (Ctc reference = Ctc.create(Backend.REFERENCE)) {
      result = reference.statePosteriors(batch, options);
    }
    int[] rowOf = new int[batch.logits().classes()];
    String[] rowNames = rows(target, options.blank(), vocabulary, rowOf);
    double[][] probability = new double[batch.inputLength(0)][];
    double[][] gradient = new double[probability.length][];
    double[][] posterior = new double[probability.length][2 * target.length + 1];
    String[] otherNames = new String[probability.length];
    LogProbs logProbs = new LogProbs(batch.logits(), 0, probability.length, options.input());
    double[] row = new double[rowOf.length];
    for (int t = 0; t < probability.length; t++) {
      logProbs.read(t, row);
      probability[t] = new double[rowNames.length];
      double best = -1;
      for (int c = 0; c < row.length; c++) {
        if (rowOf[c] == rowNames.length - 1 && Math.exp(row[c]) > best) {
          best = Math.exp(row[c]);
          otherNames[t] = symbol(vocabulary, c);
        }
        probability[t][rowOf[c]] += Math.exp(row[c]);
      }
      gradient[t] = probability[t].clone();
      for (int s = 0; s < posterior[t].length; s++) {
        posterior[t][s] = result.statePosteriors().get(t, 0, s);
        int symbol = s % 2 == 0 ? options.blank() : target[s / 2];
        gradient[t][rowOf[symbol]] -= posterior[t][s];
      }
    }
    String[] stateNames = new String[2 * target.length + 1];
    Arrays.setAll(
        stateNames, s -> symbol(vocabulary, s % 2 == 0 ? options.blank() : target[s / 2]));
    return new Explanation(
        vocabulary.text(target),
        window,
        rowNames,
        otherNames,
        stateNames,
        probability,
        posterior,
        gradient,
        path,
        result.loss(0),
        CtcPaths.count(probability.length, target),
        framesBefore(target),
        framesAfter(target));
  }

  private static String[] rows(int[] target, int blank, Vocabulary vocabulary, int[] rowOf) {
    int[] classes = Arrays.stream(target).distinct().toArray();
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

  /** Class c where there is little room: the blank as "_", a space as "␣". */
  private static String symbol(Vocabulary vocabulary, int c) {
    return switch (vocabulary.role(c)) {
      case BLANK -> "_";
      case SPACE -> "␣";
      default -> vocabulary.token(c).isEmpty() ? "∅" : vocabulary.token(c);
    };
  }

  private static CtcBatch alone(CtcBatch all, int n) {
    FrameTensor logits = all.logits();
    int[] target = new int[all.targets().length(n)];
    all.targets().copyTo(n, target);
    FrameTensor one =
        FrameTensor.strided(
            logits.elements(),
            logits.start(n),
            all.inputLength(n),
            1,
            logits.classes(),
            logits.frameStride(),
            0,
            logits.classStride());
    return CtcBatch.of(one, Targets.of(target));
  }

  private static CtcPath align(CtcBatch batch, CtcOptions options) {
    try (CtcAligner aligner = CtcAligner.create(Backend.CPU)) {
      return aligner.align(batch, options).get(0);
    }
  }

  private static void requirePath(int n, CtcBatch batch, CtcStatus status) {
    if (status != CtcStatus.OK) {
      throw new InvalidInputException("utterance " + n + ": " + NoPath.reason(batch, 0, status));
    }
  }

  private static void requireDrawable(int n, CtcBatch batch) {
    int frames = batch.inputLength(0);
    int labels = batch.targets().length(0);
    if (frames == 0 || frames > MOST_FRAMES || 2 * labels + 1 > MOST_STATES) {
      throw new InvalidInputException(
          "utterance %d: %d frames and %d states, expected 1 to %d frames and at most %d states for a picture; --frames FROM:TO shows a part"
              .formatted(n, frames, 2 * labels + 1, MOST_FRAMES, MOST_STATES));
    }
  }

  int frames() {
    return probability.length;
  }

  int states() {
    return stateNames.length;
  }

  /** What frame t is on in the best path, "_" for a blank. */
  String pathName(int t) {
    return stateNames[path.state(t)];
  }

  /** Whether a path can be in state s at frame t: reached from the start, with time to end. */
  boolean isReachable(int t, int s) {
    return t >= framesBefore[s] && frames() - 1 - t >= framesAfter[s];
  }

  /** The least number of frames that come before a path is in state s. */
  private static int[] framesBefore(int[] target) {
    int[] before = new int[2 * target.length + 1];
    for (int s = 2; s < before.length; s++) {
      boolean skips = s % 2 == 1 && target[s / 2] != target[s / 2 - 1];
      before[s] = before[skips ? s - 2 : s - 1] + 1;
    }
    return before;
  }

  /** The least number of frames that follow after state s: the same from the other end. */
  private static int[] framesAfter(int[] target) {
    int[] reversed = new int[target.length];
    Arrays.setAll(reversed, i -> target[target.length - 1 - i]);
    int[] before = framesBefore(reversed);
    int[] after = new int[before.length];
    Arrays.setAll(after, s -> before[before.length - 1 - s]);
    return after;
  }
}
