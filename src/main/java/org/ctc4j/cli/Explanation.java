package org.ctc4j.cli;

import java.math.BigInteger;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcAligner;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcDecoder;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcPath;
import org.ctc4j.CtcPaths;
import org.ctc4j.CtcResult;
import org.ctc4j.CtcStatus;
import org.ctc4j.EngineOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.InvalidInputException;
import org.ctc4j.Targets;
import org.ctc4j.Wildcards;
import org.ctc4j.cli.output.TimedUtterance;
import org.ctc4j.cli.output.Timeline;
import org.ctc4j.host.InputCheck;
import org.ctc4j.text.Vocabulary;

/**
 * All that is to be shown of one utterance.
 *
 * @param title the target as text
 * @param window which frames of the utterance these are
 * @param classes by class
 * @param states by state
 * @param best path, and what its wildcards took
 * @param sum of all paths
 */
record Explanation(
    String title,
    FrameWindow window,
    ClassRows classes,
    StateRows states,
    TimedUtterance best,
    PathSum sum) {
  private static final int MOST_FRAMES = 3000;
  private static final int MOST_STATES = 1000;

  /**
   * All paths that collapse to the target.
   *
   * @param loss −ln of their probability, in nats; of a target with wildcards of what they weigh
   * @param paths how many they are; null of a target with wildcards
   * @param shareOfBest of the probability, or weight, of all
   */
  record PathSum(double loss, BigInteger paths, double shareOfBest) {}

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
    requireDrawable(n, batch);
    CtcResult result;
    try (Ctc reference = Ctc.create(Backend.REFERENCE)) {
      result = reference.statePosteriors(batch, options);
    }
    StateRows states = StateRows.of(batch.targets(), result, vocabulary);
    return new Explanation(
        vocabulary.text(target(batch, 0)),
        window,
        ClassRows.of(batch, options, states.posterior(), vocabulary),
        states,
        best(batch, path, options, vocabulary),
        sum(batch, result.loss(0), path));
  }

  private static CtcBatch alone(CtcBatch all, int n) {
    FrameTensor one = FrameWindow.part(all.logits(), n, 0, all.inputLength(n));
    return CtcBatch.of(one, targets(target(all, n), all));
  }

  /** One target, with wildcards where those of a batch may have some. */
  static Targets targets(int[] target, CtcBatch batch) {
    Wildcards wildcards = batch.targets().wildcards();
    return wildcards == null ? Targets.of(target) : Targets.of(target).withWildcards(wildcards);
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

  private static TimedUtterance best(
      CtcBatch batch, CtcPath path, CtcOptions options, Vocabulary vocabulary) {
    CtcPath greedy =
        CtcDecoder.create(EngineOptions.DEFAULT)
            .greedy(batch.logits(), NBestSearch.inputLengths(batch), options)
            .get(0);
    return new Timeline(vocabulary, null).of(0, "", new Timeline.Finding(path, null, greedy, null));
  }

  private static PathSum sum(CtcBatch batch, double loss, CtcPath path) {
    BigInteger paths =
        batch.targets().hasWildcards(0)
            ? null
            : CtcPaths.count(batch.inputLength(0), target(batch, 0));
    return new PathSum(loss, paths, Math.exp(logWeight(batch.targets(), path) + loss));
  }

  /** ln p of a path, less penalties and costs. */
  private static double logWeight(Targets targets, CtcPath path) {
    double sum = path.logProbability();
    Wildcards wildcards = targets.wildcards();
    if (wildcards != null) {
      for (int t = 0; t < path.frames(); t++) {
        sum -= path.symbol(t) == Wildcards.FRAMES ? wildcards.framePenalty() : 0;
        sum -= path.symbol(t) == Wildcards.LABELS ? wildcards.labelPenalty() : 0;
      }
      for (int i : path.skipped()) {
        sum -= wildcards.costOfPassing(targets.label(0, i));
      }
    }
    return sum;
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

  /** The best one. */
  CtcPath path() {
    return best.path();
  }

  /** Whether the target has wildcards, or labels that may be left out. */
  boolean isOpen() {
    return sum.paths() == null;
  }

  int frames() {
    return states.posterior().length;
  }

  /** What frame t is on in the best path, "_" for a blank. */
  String pathName(int t) {
    return states.names()[path().state(t)];
  }
}
