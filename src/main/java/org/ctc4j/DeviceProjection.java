package org.ctc4j;

import java.util.Objects;

/**
 * The last layer of a model in device memory: a weight (C, D) and, optionally, a bias (C) that turn
 * hidden states of D dimensions into logits of C classes, as {@link Projection} does in host
 * memory. The numbers are not checked: where they are not finite (but for a bias of −Infinity,
 * which makes its class impossible) utterances become {@link DeviceResult#NOT_FINITE}.
 *
 * @param weight device address of (C, D) in C order: index = c * D + d; a multiple of the element's
 *     size, of 16 is fastest
 * @param bias device address of (C), a multiple of the element's size, or 0 for none
 * @param type of weight and bias
 * @param classes C, ≥ 1
 * @param dimensions D, ≥ 1; a multiple of 8 is fastest
 * @param fast float32: products may round their factors to TF32 (11 significant bits); 16-bit
 *     types: the gradient of the logits may be rounded to them for its products. Several times
 *     faster, and good to about 3 digits
 */
public record DeviceProjection(
    long weight, long bias, ElementType type, int classes, int dimensions, boolean fast) {

  public DeviceProjection {
    Objects.requireNonNull(type, "type");
    Projection.requireShape(classes, dimensions);
    DeviceAddress.of(type).require("weight", weight);
    DeviceAddress.of(type).check("bias", bias);
  }

  /** Not fast: as exact as products of these types are. */
  public DeviceProjection(long weight, long bias, ElementType type, int classes, int dimensions) {
    this(weight, bias, type, classes, dimensions, false);
  }
}
