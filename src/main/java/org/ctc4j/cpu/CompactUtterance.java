package org.ctc4j.cpu;

import java.util.Arrays;
import org.ctc4j.ClassOffsets;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.ElementType;
import org.ctc4j.Elements;
import org.ctc4j.FrameTensor;
import org.ctc4j.LabelPriors;
import org.ctc4j.Targets;
import org.ctc4j.engine.LossCall;
import org.ctc4j.engine.LossPlaces;
import org.ctc4j.engine.ProjectedCall;
import org.ctc4j.projection.CompactTarget;

/**
 * The compact logits of one utterance, (T, k + 2): blank, k labels and, as the last, all other
 * classes. Each has a table of its own width, so that the bits of its sums do not depend on the
 * targets of others.
 */
final class CompactUtterance {
  final CompactTarget target;
  private final int width;
  private final FrameTensor logits;
  private final FrameTensor gradient;

  CompactUtterance(CompactTarget target, int frames, boolean wantsGradient) {
    this.target = target;
    width = width(target);
    Elements room = Elements.allocate(ElementType.FLOAT64, (long) frames * width);
    logits = FrameTensor.timeMajor(room, frames, 1, width);
    gradient = wantsGradient ? logits.zerosLike(ElementType.FLOAT64) : null;
  }

  /** How many compact classes a frame has. */
  static int width(CompactTarget target) {
    return target.classes() + 1;
  }

  /** Sets the logit of compact class i, the others left out. */
  void setLogit(int t, int i, double x) {
    logits.elements().set((long) t * width + i, x);
  }

  /** Sets that of all other classes together. */
  void setOthers(int t, double x) {
    setLogit(t, width - 1, x);
  }

  /** The gradient with respect to compact class i. */
  double gradient(int t, int i) {
    return gradient.elements().get((long) t * width + i);
  }

  /** With respect to all other classes together. */
  double othersGradient(int t) {
    return gradient(t, width - 1);
  }

  /** Of the compact classes; that of all others, through which no path goes, may be any. */
  private ClassOffsets offsets(ClassOffsets all) {
    LabelPriors priors = all.labelPriors();
    int[] classes = new int[width];
    Arrays.setAll(classes, i -> target.classOf(i < target.classes() ? i : 0));
    return new ClassOffsets(all.blankPenalty(), priors == null ? null : priors.select(classes));
  }

  /** Loss, status and gradient, once all logits are set, to place n of a projected call. */
  void compute(CpuBackend lattice, ProjectedCall call, int n) {
    LossPlaces own = LossPlaces.of(1, gradient);
    CtcBatch batch = CtcBatch.of(logits, Targets.of(target.labels()));
    double[] weight = {call.weights()[n]};
    CtcOptions options = CtcOptions.DEFAULT.withOffsets(offsets(call.options().offsets()));
    lattice.computeLosses(new LossCall(batch, options, weight, own));
    call.places().set(n, own.losses()[0], own.statuses()[0]);
  }
}
