package org.ctc4j.cli;

import java.math.BigInteger;
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
import org.ctc4j.host.InputCheck;
import org.ctc4j.text.Vocabulary;

/**
 * All that is to be shown of one utterance.
 *
 * @param title the target as text
 * @param window which frames of the utterance these are
 * @param classes by class
 * @param states by state
 * @param path the best one
 * @param sum of all paths
 */
record Explanation(
    String title,
    FrameWindow window,
    ClassRows classes,
    StateRows states,
    CtcPath path,
    PathSum sum) {
  private static final int MOST_FRAMES = 3000;
  private static final int MOST_STATES = 1000;

  /**
   * All paths that collapse to the target.
   *
   * @param loss −ln of their probability, in nats
   * @param paths how many they are
   */
  record PathSum(double loss, BigInteger paths) {}

  /**
   * Utterance n of a batch that goes with the options.
   *
   * @param wanted frames of it, explained as if there were no others: their target is what the best
   *     path says in them; null for all
   */
  static Explanation of(
      CtcBatch all, int n, FrameWindow wanted, CtcOptions options, Vocabulary vocabulary) {
    InputCheck.check(all, options.input());
    CtcBatch whole = alone(all, n);
    FrameWindow window = wanted == null ? FrameWindow.all(whole.inputLength(0)) : wanted;
    CtcPath path = align(whole, options);
    if (path.status() != CtcStatus.OK) {
      throw new InvalidInputException(
          "utterance " + n + ": " + NoPath.reason(whole, 0, path.status()));
    }
    CtcBatch batch = window.of(whole, path);
    path = batch == whole ? path : align(batch, options);
    int[] target = target(batch, 0);
    requireDrawable(n, batch);
    CtcResult result;
    try (Ctc reference = Ctc.create(Backend.REFERENCE)) {
      result = reference.statePosteriors(batch, options);
    }
    StateRows states = StateRows.of(target, result, vocabulary);
    ClassRows classes = ClassRows.of(batch, options, states.posterior(), vocabulary);
    PathSum sum = new PathSum(result.loss(0), CtcPaths.count(batch.inputLength(0), target));
    return new Explanation(vocabulary.text(target), window, classes, states, path, sum);
  }

  private static CtcBatch alone(CtcBatch all, int n) {
    FrameTensor one = FrameWindow.part(all.logits(), n, 0, all.inputLength(n));
    return CtcBatch.of(one, Targets.of(target(all, n)));
  }

  /** The labels of utterance n. */
  static int[] target(CtcBatch batch, int n) {
    int[] target = new int[batch.targets().length(n)];
    batch.targets().copyTo(n, target);
    return target;
  }

  private static CtcPath align(CtcBatch batch, CtcOptions options) {
    try (CtcAligner aligner = CtcAligner.create(Backend.CPU)) {
      return aligner.align(batch, options).get(0);
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
    return states.posterior().length;
  }

  /** What frame t is on in the best path, "_" for a blank. */
  String pathName(int t) {
    return states.names()[path.state(t)];
  }
}
