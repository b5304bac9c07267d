package org.ctc4j;

import java.io.Serializable;

/**
 * What targets may hold beside labels: {@link #FRAMES}, any run of frames, and {@link #LABELS}, any
 * run of labels; and what it costs to leave a label out. For transcripts that tell but a part of
 * what is in the input, or more than that.
 *
 * <pre>{@code
 * int[][] labels = {{Wildcards.FRAMES, 7, 8, 9, Wildcards.FRAMES}};   // something, 7 8 9, something
 * Targets targets = Targets.of(labels).withWildcards(Wildcards.DEFAULT.withFramePenalty(0.1));
 * }</pre>
 *
 * <p>With w(t, c) the weight of class c at frame t, which is p(t, c) unless there are {@link
 * ClassOffsets}, a frame on a wildcard weighs
 *
 * <pre>
 * FRAMES   e^−framePenalty Σ_c w(t, c)            zero frames or more
 * LABELS   e^−labelPenalty Σ_{c ≠ blank} w(t, c)  one frame or more, with blanks between them as they are
 * </pre>
 *
 * and the loss is −ln of the sum over all sequences of states, 2 L + 1 of them as ever, of the
 * product of their frames and e<sup>−skipCost</sup> for each label or LABELS that they leave out. A
 * frame before a wildcard may be taken by the label, by a blank or by the wildcard, and counts in
 * each of these ways: e<sup>−loss</sup> is no probability, and the loss may be negative. The page
 * on wildcards has the lattice, and what becomes of repeats.
 *
 * <p>Posteriors of classes share a wildcard's among its classes as w does, so the gradient is what
 * it is without wildcards: p − posterior of logits, −posterior of log-probabilities, −posterior / p
 * of probabilities.
 *
 * <p>Every {@link Ctc} computes them, of a {@link CtcBatch} or a {@link DeviceBatch}, and every
 * {@link CtcAligner} aligns to them; what else is given targets with wildcards refuses them. An
 * utterance that has none of them, and whose labels cannot be left out, has the bits that it has
 * without. {@link Reduction#MEAN} divides by L, wildcards included.
 *
 * @param framePenalty nats for each frame on {@link #FRAMES}
 * @param labelPenalty nats for each frame on {@link #LABELS}, blanks between them not counted
 * @param skipCost nats for each label or {@link #LABELS} that is left out; +Infinity: none can be
 */
public record Wildcards(double framePenalty, double labelPenalty, double skipCost)
    implements Serializable {
  /** In a target: any run of frames, speech that nobody transcribed for instance. */
  public static final int FRAMES = -2; // −1 is what targets are padded with

  /** In a target: any run of labels, a word that the vocabulary cannot spell for instance. */
  public static final int LABELS = -3;

  /** No penalties, and no label can be left out. */
  public static final Wildcards DEFAULT = new Wildcards(0, 0, Double.POSITIVE_INFINITY);

  /** The largest penalty, and the smallest but for its sign. */
  private static final double MOST = 100;

  public Wildcards {
    checkPenalty("frame_penalty", framePenalty);
    checkPenalty("label_penalty", labelPenalty);
    if (!(skipCost >= 0)) {
      throw new InvalidInputException(
          "skip_cost: expected a number of nats in [0, Infinity], got " + skipCost);
    }
  }

  private static void checkPenalty(String name, double nats) {
    if (!(Math.abs(nats) <= MOST)) {
      throw new InvalidInputException(
          "%s: expected a number of nats in [%s, %s], got %s".formatted(name, -MOST, MOST, nats));
    }
  }

  public Wildcards withFramePenalty(double value) {
    return new Wildcards(value, labelPenalty, skipCost);
  }

  public Wildcards withLabelPenalty(double value) {
    return new Wildcards(framePenalty, value, skipCost);
  }

  public Wildcards withSkipCost(double value) {
    return new Wildcards(framePenalty, labelPenalty, value);
  }

  /** Whether an element of a target is a wildcard and no label. */
  public static boolean is(int label) {
    return label == FRAMES || label == LABELS;
  }

  /** What it costs to pass over an element of a target; +Infinity if that cannot be. */
  public double costOfPassing(int label) {
    return label == FRAMES ? 0 : skipCost;
  }

  /** Whether labels can be left out. */
  public boolean canSkip() {
    return skipCost < Double.POSITIVE_INFINITY;
  }
}
