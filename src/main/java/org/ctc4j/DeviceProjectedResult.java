package org.ctc4j;

/**
 * Where a call on a {@link DeviceProjectedBatch} writes in device memory what it computes. A
 * gradient without a place is not computed; every element of one that has is written.
 *
 * @param losses losses, statuses, the reduced loss and, as its gradient, that of the hidden states:
 *     of their shape in any layout and element type, or null
 * @param weightGradient device address of (C, D) in C order, a multiple of the element's size, or 0
 * @param biasGradient device address of (C), a multiple of the element's size, or 0; with a
 *     projection that has no bias, the gradient of one that is 0
 * @param type of these two, float32 or float64
 */
public record DeviceProjectedResult(
    DeviceResult losses, long weightGradient, long biasGradient, ElementType type) {

  public DeviceProjectedResult {
    if (type != ElementType.FLOAT32 && type != ElementType.FLOAT64) {
      throw new InvalidInputException(
          "weight and bias gradient: expected FLOAT32 or FLOAT64, got " + type);
    }
    DeviceAddress.of(type).check("weightGradient", weightGradient);
    DeviceAddress.of(type).check("biasGradient", biasGradient);
  }

  /** Losses and statuses alone. */
  public static DeviceProjectedResult ofLosses(long losses, long statuses) {
    return new DeviceProjectedResult(
        DeviceResult.ofLosses(losses, statuses), 0, 0, ElementType.FLOAT32);
  }

  /** Whether any gradient is asked for. */
  public boolean hasGradient() {
    return losses.gradient() != null || weightGradient != 0 || biasGradient != 0;
  }
}
