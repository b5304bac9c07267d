package org.ctc4j.cuda.kernels;

import org.ctc4j.ClassOffsets;
import org.ctc4j.CtcOptions;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceTargets;

/**
 * What is added to the log-probabilities of classes, for the targets of a batch.
 *
 * @param ofClasses (C), in nats, see {@link ClassOffsets}
 * @param targets whose labels are these classes
 * @param utterances N
 */
public record TargetOffsets(double[] ofClasses, int blank, DeviceTargets targets, int utterances) {

  /** Those of a batch, or null where nothing is added. */
  static TargetOffsets of(DeviceBatch batch, CtcOptions options) {
    double[] ofClasses = options.offsets(batch.classes());
    return ofClasses == null
        ? null
        : new TargetOffsets(ofClasses, options.blank(), batch.targets(), batch.utterances());
  }

  /** Bytes of the offsets as they lie on the device: (N, L + 1) float64. */
  static long bytes(long utterances, long labels) {
    return 8 * utterances * (labels + 1);
  }
}
