package org.ctc4j.benchmarks;

import org.ctc4j.FrameTensor;

/**
 * Another implementation, set up with one workload and a number of threads. What it was given lies
 * ready where it wants it, so that {@link #lossAndGradient} is its own work and nothing else: from
 * float32 logits to losses and the gradient of their sum with respect to the logits.
 */
interface Peer extends AutoCloseable {
  /** What is timed. */
  void lossAndGradient();

  /** A copy of the N losses of the last call. */
  double[] losses();

  /** A copy of the gradient of the last call, of the shape of the workload's logits. */
  FrameTensor gradient();

  @Override
  void close();
}
