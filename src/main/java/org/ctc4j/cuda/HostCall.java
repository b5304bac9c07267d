package org.ctc4j.cuda;

import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcStatus;
import org.ctc4j.FrameTensor;
import org.ctc4j.engine.LossCall;

/**
 * One call on a batch in host memory, and its tensors as they are copied.
 *
 * @param gradient null if none is asked for
 * @param posteriors of classes, null if not asked for
 * @param statePosteriors null if not asked for
 */
record HostCall(
    LossCall call,
    HostTensor logits,
    HostTensor gradient,
    HostTensor posteriors,
    HostTensor statePosteriors) {

  static HostCall of(LossCall call) {
    return new HostCall(
        call,
        new HostTensor(call.batch().logits()),
        orNull(call.places().gradient()),
        orNull(call.places().posteriors()),
        orNull(call.places().statePosteriors()));
  }

  CtcBatch batch() {
    return call.batch();
  }

  CtcOptions options() {
    return call.options();
  }

  double[] weights() {
    return call.weights();
  }

  double[] losses() {
    return call.places().losses();
  }

  CtcStatus[] statuses() {
    return call.places().statuses();
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
    return batch().logits().classes();
  }
}
