package org.ctc4j.examples;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import org.ctc4j.Ctc;
import org.ctc4j.CtcOptions;
import org.ctc4j.InputKind;
import org.ctc4j.Reduction;
import org.ctc4j.djl.CtcLoss;
import org.ctc4j.djl.FrameLayout;

/**
 * CTC that would rather have labels than blanks: every blank of a path costs a little more. A model
 * trained so stays on a label from its beginning to its end, where it else has one frame of it
 * somewhere and blanks around; it learns sooner, and an alignment finds the beginnings. The idea is
 * that of label priors: Huang et al., "Less peaky and more accurate CTC forced alignment by label
 * priors" (ICASSP 2024).
 */
final class BlankPenaltyLoss extends CtcLoss {
  private final float penalty;

  /**
   * @param penalty of a blank, in nats
   */
  BlankPenaltyLoss(Ctc ctc, float penalty) {
    super(
        ctc,
        CtcOptions.DEFAULT.withReduction(Reduction.MEAN).withInput(InputKind.SCORES),
        FrameLayout.BATCH_MAJOR);
    this.penalty = penalty;
  }

  /** Of logits (N, T, C), blank 0. The scores are log-probabilities, less the penalty. */
  @Override
  public NDArray evaluate(NDList labels, NDList predictions) {
    NDArray logits = predictions.head();
    NDManager manager = logits.getManager();
    float[] cost = new float[Math.toIntExact(logits.getShape().get(2))];
    cost[0] = penalty;
    NDArray scores = logits.logSoftmax(-1).sub(manager.create(cost));
    return super.evaluate(labels, new NDList(scores));
  }
}
