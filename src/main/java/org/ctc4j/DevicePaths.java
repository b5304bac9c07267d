package org.ctc4j;

/**
 * Where {@link CudaAligner} writes in device memory the paths that it finds. Frame t of utterance n
 * is element {@code start(n) + t} of states and log-probabilities, where {@code start(n)} is {@code
 * starts[n]}, or {@code n * T} without starts. Every frame that an utterance has room for is
 * written: those beyond its input length, and all of an utterance without a path, with state −1 and
 * log-probability 0.
 *
 * @param states device address of int32, a multiple of 4: the state of each frame, in [0, 2L], as
 *     {@link CtcPath#state} has it
 * @param logProbabilities device address of float64, a multiple of 8: ln p of each frame's symbol,
 *     in nats
 * @param starts device address of N int64, a multiple of 8, or 0
 * @param scores device address of N float64, a multiple of 8: the log-probability of each path, the
 *     sum of its frames', in nats; −Infinity where there is none, NaN where the status is neither
 *     {@link DeviceResult#OK} nor {@link DeviceResult#INFEASIBLE}
 * @param statuses device address of N int32, a multiple of 4, as in {@link DeviceResult}
 */
public record DevicePaths(
    long states, long logProbabilities, long starts, long scores, long statuses) {
  public DevicePaths {
    DeviceAddress.INT32.require("paths.states", states);
    DeviceAddress.FLOAT64.require("paths.logProbabilities", logProbabilities);
    DeviceAddress.INT64.check("paths.starts", starts);
    DeviceAddress.FLOAT64.require("paths.scores", scores);
    DeviceAddress.INT32.require("paths.statuses", statuses);
  }

  /** Utterance n begins at {@code n * T}. */
  public DevicePaths(long states, long logProbabilities, long scores, long statuses) {
    this(states, logProbabilities, 0, scores, statuses);
  }
}
