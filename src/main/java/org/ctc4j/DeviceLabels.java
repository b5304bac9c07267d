package org.ctc4j;

/**
 * Where {@link CudaDecoder} writes in device memory the labels that it decodes. Label i of
 * utterance n is element {@code start(n) + i}, where {@code start(n)} is {@code starts[n]}, or
 * {@code n * T} without starts. Every place that an utterance has room for is written, one for each
 * of its frames: those beyond its labels with −1, or 0 of log-probabilities.
 *
 * <p>{@link DeviceTargets} can be made of them, without the host knowing their number: for a loss,
 * or for an alignment.
 *
 * @param labels device address of int32, a multiple of 4
 * @param starts device address of N int64, a multiple of 8, or 0
 * @param lengths device address of N int32, a multiple of 4: how many labels there are, none unless
 *     the status is {@link DeviceResult#OK}
 * @param statuses device address of N int32, a multiple of 4, as in {@link DeviceResult}; {@link
 *     DeviceResult#INFEASIBLE} if a frame made every path impossible
 * @param firstFrames device address of int32, a multiple of 4: the first frame of each label; or 0
 * @param endFrames device address of int32, a multiple of 4: the frame after the last of each
 *     label; or 0
 * @param logProbabilities device address of float64, a multiple of 8: the log-probability of each
 *     label, the sum of its frames' in nats, as {@link LabelSpan#logProbability()}; or 0
 */
public record DeviceLabels(
    long labels,
    long starts,
    long lengths,
    long statuses,
    long firstFrames,
    long endFrames,
    long logProbabilities) {
  public DeviceLabels {
    DeviceAddress.INT32.require("labels.labels", labels);
    DeviceAddress.INT64.check("labels.starts", starts);
    DeviceAddress.INT32.require("labels.lengths", lengths);
    DeviceAddress.INT32.require("labels.statuses", statuses);
    DeviceAddress.INT32.check("labels.firstFrames", firstFrames);
    DeviceAddress.INT32.check("labels.endFrames", endFrames);
    DeviceAddress.FLOAT64.check("labels.logProbabilities", logProbabilities);
  }

  /** Labels alone; utterance n begins at {@code n * T}. */
  public DeviceLabels(long labels, long lengths, long statuses) {
    this(labels, 0, lengths, statuses, 0, 0, 0);
  }

  /** The same with places for the frames of each label and its log-probability, or 0. */
  public DeviceLabels withSpans(long first, long end, long logProbability) {
    return new DeviceLabels(labels, starts, lengths, statuses, first, end, logProbability);
  }
}
