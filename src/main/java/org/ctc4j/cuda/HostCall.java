package org.ctc4j.cuda;

import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcStatus;
import org.ctc4j.FrameTensor;
import org.ctc4j.host.Posteriors;

/**
 * One call on a batch in host memory: its arguments and where its results go, as {@link
 * CudaBackend#run} got them.
 *
 * @param weights of each utterance's loss in the gradient
 * @param gradient null if none is asked for
 * @param posteriors of classes, null if not asked for
 * @param statePosteriors null if not asked for
 */
record HostCall(
    CtcBatch batch,
    CtcOptions options,
    double[] weights,
    double[] losses,
    CtcStatus[] statuses,
    HostTensor logits,
    HostTensor gradient,
    HostTensor posteriors,
    HostTensor statePosteriors) {

  static HostCall of(
      CtcBatch batch,
      CtcOptions options,
      double[] weights,
      double[] losses,
      CtcStatus[] statuses,
      FrameTensor gradient,
      Posteriors posteriors) {
    return new HostCall(
        batch,
        options,
        weights,
        losses,
        statuses,
        new HostTensor(batch.logits()),
        orNull(gradient),
        orNull(posteriors.ofClasses()),
        orNull(posteriors.ofStates()));
  }

  private static HostTensor orNull(FrameTensor tensor) {
    return tensor == null ? null : new HostTensor(tensor);
  }

  /** Whether posteriors or what is made of them are asked for. */
  boolean needsRows() {
    return gradient != null || posteriors != null || statePosteriors != null;
  }

  /** The most numbers that a frame has, in or out. */
  int widest() {
    return statePosteriors == null ? classes() : Math.max(classes(), statePosteriors.columns());
  }

  /** What L must be at least on the device: all chunks have the same columns of states. */
  int leastLabels() {
    return statePosteriors == null ? 0 : statePosteriors.columns() / 2;
  }

  int classes() {
    return batch.logits().classes();
  }
}
