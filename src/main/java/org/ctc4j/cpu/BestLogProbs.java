package org.ctc4j.cpu;

import org.ctc4j.InputKind;

/**
 * Σ<sub>t</sub> ln p(t, best), the factor of all paths that is left out of the lattice.
 *
 * <p>The log-sum-exp of a frame has an error of some 10<sup>−7</sup>, from float32 exponentials. It
 * is as nothing where the loss is large. Where the loss is small, because what the model is unsure
 * of is the alignment alone, softmax and posterior of a frame are all but the same, and such an
 * error would be that of the gradient: there, frames without a certain class get their log-sum-exp
 * in float64.
 */
final class BestLogProbs {
  /**
   * Of few frames: with labels in some of F flat frames, the gradient vanishes where p is that
   * share, at a loss of some ½ ln F, more than the root of them allows for.
   */
  private static final double NATS = 2;

  private static final double NATS_PER_ROOT_FRAME = 0.25;
  private static final double NATS_PER_FRAME = 0.006;

  private BestLogProbs() {}

  /**
   * The sum, after the emissions have been put right where need be.
   *
   * @param log ln p(target) without the factor
   */
  static double sum(Utterance u, double log, Scratch scratch) {
    double sum = sum(u);
    double loss = Math.abs(log + sum);
    boolean isExact = u.input != InputKind.LOGITS || scratch.logits.isDouble();
    if (isExact || !isSmall(loss, u.frames())) {
      return sum;
    }
    // where others have less than that, 1e-7 of it is nothing beside the loss
    double sure = loss / Math.sqrt(u.frames());
    // of a loss that OtherPaths may have, rounded differences to a shift would show, too
    boolean isTiny =
        loss < Complement.limit(u) && -sum > OtherPaths.LEAST_PER_FRAME / 2 * u.frames();
    Emissions emissions = u.emissions;
    for (int t = 0; t < u.frames(); t++) {
      if (emissions.certain[t] < 0
          || emissions.others[t] > sure
          || isTiny && FrameStage.mayBeShifted(emissions.logSum[t])) {
        emissions.findInFloat64(t, scratch);
      }
    }
    return sum(u);
  }

  private static double sum(Utterance u) {
    double sum = 0;
    for (int t = 0; t < u.frames(); t++) {
      sum += u.emissions.logBest[t];
    }
    return sum;
  }

  private static boolean isSmall(double loss, int frames) {
    double most = Math.max(NATS_PER_ROOT_FRAME * Math.sqrt(frames), NATS_PER_FRAME * frames);
    return loss < Math.max(NATS, most);
  }
}
