package org.ctc4j;

/**
 * Where a call on a {@link DeviceConsistencyBatch} writes in device memory what it computes.
 *
 * @param losses device address of N float64, a multiple of 8, in nats
 * @param statuses device address of N int32, a multiple of 4: {@link DeviceResult#OK}, {@link
 *     DeviceResult#INFEASIBLE} and {@link DeviceResult#NOT_FINITE} as {@link ConsistencyResult} has
 *     them, or {@link DeviceResult#BAD_LENGTH} with loss NaN and gradients of 0
 * @param reduced device address of one float64, a multiple of 8: Σ<sub>n</sub> w<sub>n</sub> ·
 *     loss<sub>n</sub>; or 0 if it is not wanted
 * @param firstGradient of the shape of the logits in any layout and element type, or null if it is
 *     not wanted. Every element is written, those of unused frames with 0. It must overlap neither
 *     the logits nor the other gradient.
 * @param secondGradient likewise
 */
public record DeviceConsistencyResult(
    long losses,
    long statuses,
    long reduced,
    DeviceTensor firstGradient,
    DeviceTensor secondGradient) {

  public DeviceConsistencyResult {
    DeviceAddress.FLOAT64.require("result.losses", losses);
    DeviceAddress.INT32.require("result.statuses", statuses);
    DeviceAddress.FLOAT64.check("result.reduced", reduced);
  }

  /** Losses and statuses alone. */
  public static DeviceConsistencyResult ofLosses(long losses, long statuses) {
    return new DeviceConsistencyResult(losses, statuses, 0, null, null);
  }
}
