package org.ctc4j;

/**
 * Where a beam search of {@link CudaDecoder} writes in device memory the outputs that it finds, the
 * best first: K of each utterance, {@link BeamOptions#nBest}. Every place is written.
 *
 * <p>{@link DeviceTargets#padded} takes labels and lengths as the targets of N · K utterances, for
 * an alignment or a loss of each output, without the host knowing them; with K = 1 of the N
 * utterances themselves.
 *
 * @param labels device address of (N, K, T) int32, a multiple of 4: without blanks; −1 after the
 *     last. With starts, those of output k of utterance n begin at {@code starts[n] + k} times the
 *     number of frames that the utterance has room for
 * @param starts device address of N int64, a multiple of 8, or 0
 * @param lengths device address of (N, K) int32, a multiple of 4: how many labels, 0 where there is
 *     no output
 * @param scores device address of (N, K) float64, a multiple of 8: ln p in nats, as {@link
 *     CtcHypothesis#logProbability()}, but above 0 where rounding takes probabilities there;
 *     −Infinity where there is no output
 * @param counts device address of N int32, a multiple of 4: how many outputs there are, at most K
 * @param statuses device address of N int32, a multiple of 4, as in {@link DeviceResult}; {@link
 *     DeviceResult#INFEASIBLE} if a frame made every output impossible, or a scorer forbids all
 * @param added device address of (N, K) float64, a multiple of 8: what a {@link CudaTokenScorer}
 *     added, as {@link CtcHypothesis#added()}; 0 without one, and where there is no output. Outputs
 *     are in the order of its sum with ln p. Or 0 if it is not wanted
 */
public record DeviceNBest(
    long labels, long starts, long lengths, long scores, long counts, long statuses, long added) {
  public DeviceNBest {
    DeviceAddress.INT32.require("nBest.labels", labels);
    DeviceAddress.INT64.check("nBest.starts", starts);
    DeviceAddress.INT32.require("nBest.lengths", lengths);
    DeviceAddress.FLOAT64.require("nBest.scores", scores);
    DeviceAddress.INT32.require("nBest.counts", counts);
    DeviceAddress.INT32.require("nBest.statuses", statuses);
    DeviceAddress.FLOAT64.check("nBest.added", added);
  }

  /** Without a place for what a scorer added. */
  public DeviceNBest(
      long labels, long starts, long lengths, long scores, long counts, long statuses) {
    this(labels, starts, lengths, scores, counts, statuses, 0);
  }

  /** Labels of shape (N, K, T). */
  public DeviceNBest(long labels, long lengths, long scores, long counts, long statuses) {
    this(labels, 0, lengths, scores, counts, statuses);
  }

  /** The same with a place for what a scorer added. */
  public DeviceNBest withAdded(long place) {
    return new DeviceNBest(labels, starts, lengths, scores, counts, statuses, place);
  }
}
