package org.ctc4j;

/**
 * Where a call writes in device memory what it computes.
 *
 * @param losses device address of N float64, a multiple of 8, in nats
 * @param statuses device address of N int32, a multiple of 4: {@link #OK}, {@link #INFEASIBLE},
 *     {@link #NOT_FINITE}, {@link #BAD_LABEL}, {@link #BAD_LENGTH} or {@link #BAD_LOG_PROBS}
 * @param reduced device address of one float64, a multiple of 8: the reduced loss (the sum for
 *     {@link Reduction#NONE}); or 0 if it is not wanted
 * @param gradient of the shape of the logits in any layout and element type, or null for losses
 *     alone. Every element is written, those of unused frames with 0. It must not overlap the
 *     logits.
 * @param posteriors the posterior of each class, of the shape of the logits, or null
 * @param statePosteriors the posterior of each state, of shape (T, N, 2 Lmax + 1), Lmax the {@link
 *     DeviceTargets#maxLength}, or null. {@link CtcResult} says what posteriors are. Of both every
 *     element is written; they must not overlap the logits or each other.
 */
public record DeviceResult(
    long losses,
    long statuses,
    long reduced,
    DeviceTensor gradient,
    DeviceTensor posteriors,
    DeviceTensor statePosteriors) {
  /** {@link CtcStatus#OK}. */
  public static final int OK = 0;

  /** {@link CtcStatus#INFEASIBLE}: the loss is +Infinity, or 0 with zeroInfinity; gradient 0. */
  public static final int INFEASIBLE = 1;

  /**
   * {@link CtcStatus#NOT_FINITE}: NaN or +Infinity in a used frame. The loss is NaN, gradient 0.
   */
  public static final int NOT_FINITE = 2;

  /** A label lies outside [0, C) or is the blank. The loss is NaN, the gradient 0. */
  public static final int BAD_LABEL = 3;

  /** The input or target length is out of its range. The loss is NaN, the gradient 0. */
  public static final int BAD_LENGTH = 4;

  /**
   * The input is said to be {@link InputKind#LOG_PROBS} or {@link InputKind#PROBABILITIES}, and a
   * used frame cannot be that: there is a number that these refuse, or probabilities have a sum
   * that is not within 5 % of 1. The loss is NaN, the gradient 0. With NaN or +Infinity in another
   * frame the status is {@link #NOT_FINITE}.
   */
  public static final int BAD_LOG_PROBS = 5;

  public DeviceResult {
    DeviceAddress.FLOAT64.require("result.losses", losses);
    DeviceAddress.INT32.require("result.statuses", statuses);
    DeviceAddress.FLOAT64.check("result.reduced", reduced);
  }

  /** Without posteriors. */
  public DeviceResult(long losses, long statuses, long reduced, DeviceTensor gradient) {
    this(losses, statuses, reduced, gradient, null, null);
  }

  /** Whether there is a place for posteriors, of classes or of states. */
  public boolean hasPosteriors() {
    return posteriors != null || statePosteriors != null;
  }

  /** Losses and statuses alone. */
  public static DeviceResult ofLosses(long losses, long statuses) {
    return new DeviceResult(losses, statuses, 0, null);
  }

  /** The same with a place for the posterior of each class. */
  public DeviceResult withPosteriors(DeviceTensor place) {
    return new DeviceResult(losses, statuses, reduced, gradient, place, statePosteriors);
  }

  /** The same with a place for the posterior of each state. */
  public DeviceResult withStatePosteriors(DeviceTensor place) {
    return new DeviceResult(losses, statuses, reduced, gradient, posteriors, place);
  }
}
