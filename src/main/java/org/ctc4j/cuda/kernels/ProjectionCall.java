package org.ctc4j.cuda.kernels;

import org.ctc4j.CtcOptions;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceProjectedBatch;
import org.ctc4j.DeviceProjectedResult;
import org.ctc4j.DeviceProjection;

/**
 * One call on hidden states in device memory.
 *
 * @param rowStarts device address of N int64: which row each utterance's frame 0 is, for rows that
 *     lie one utterance behind the other; 0 if each has T of them
 * @param rows of all utterances together
 */
public record ProjectionCall(
    DeviceProjectedBatch batch,
    CtcOptions options,
    DeviceProjectedResult result,
    long rowStarts,
    int rows) {

  /** Every utterance has T rows. */
  public static ProjectionCall of(
      DeviceProjectedBatch batch, CtcOptions options, DeviceProjectedResult result) {
    DeviceBatch frames = batch.frames();
    return new ProjectionCall(batch, options, result, 0, frames.frames() * frames.utterances());
  }

  DeviceBatch frames() {
    return batch.frames();
  }

  DeviceProjection projection() {
    return batch.projection();
  }

  /** The blank and the distinct labels of a target. */
  int width() {
    return Math.min(frames().targets().maxLength(), projection().classes() - 1) + 1;
  }

  /** Columns of the compact problem: those, and all other classes as one. */
  int columns() {
    return width() + 1;
  }
}
