package org.ctc4j.examples;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.LabelPriorEstimate;
import org.ctc4j.LabelPriors;
import org.ctc4j.Targets;

/**
 * Label priors of a model that is being trained: what it gave to each class in some steps is the
 * prior in as many that follow, and in the first there is none. For use by one thread at a time.
 */
final class FollowingPriors {
  private static final int STEPS = 100;

  /** Of a class that hardly ever was. */
  private static final double LEAST = -12;

  private final double scale;
  private CtcOptions options;
  private LabelPriorEstimate estimate;
  private int steps;

  /**
   * @param options of the loss, but for the priors
   * @param scale of the priors; 0 for none
   */
  FollowingPriors(CtcOptions options, double scale) {
    this.options = options;
    this.scale = scale;
  }

  /** With the priors of now. */
  CtcOptions options() {
    return options;
  }

  /**
   * Takes in one step's batch.
   *
   * @param logits (N, T, C)
   * @param labels the third of which is the input lengths
   * @return whether there are other priors now
   */
  boolean add(NDArray logits, NDList labels) {
    if (scale == 0) {
      return false;
    }
    Shape shape = logits.getShape();
    int size = (int) shape.get(0);
    int classes = (int) shape.get(2);
    if (estimate == null) {
      estimate = new LabelPriorEstimate(classes);
    }
    FrameTensor tensor =
        FrameTensor.batchMajor(logits.toFloatArray(), (int) shape.get(1), size, classes);
    Targets none = Targets.of(new int[size][0]);
    estimate.add(CtcBatch.of(tensor, none, labels.get(2).toIntArray()), CtcOptions.DEFAULT);
    if (++steps % STEPS != 0) {
      return false;
    }
    options = options.withLabelPriors(LabelPriors.of(estimate.logPriors(LEAST), scale));
    estimate.decay(0);
    return true;
  }
}
