package org.ctc4j.cuda;

import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcStatus;
import org.ctc4j.FrameTensor;

/**
 * One call on a batch in host memory: its arguments and where its results go, as {@link
 * CudaBackend#run} got them.
 *
 * @param weights of each utterance's loss in the gradient
 * @param gradient null if none is asked for
 */
record HostCall(
    CtcBatch batch,
    CtcOptions options,
    double[] weights,
    double[] losses,
    CtcStatus[] statuses,
    HostTensor logits,
    HostTensor gradient) {

  static HostCall of(
      CtcBatch batch,
      CtcOptions options,
      double[] weights,
      double[] losses,
      CtcStatus[] statuses,
      FrameTensor gradient) {
    return new HostCall(
        batch,
        options,
        weights,
        losses,
        statuses,
        new HostTensor(batch.logits()),
        gradient == null ? null : new HostTensor(gradient));
  }

  int classes() {
    return batch.logits().classes();
  }
}
