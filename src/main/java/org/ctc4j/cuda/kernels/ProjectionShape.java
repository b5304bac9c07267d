package org.ctc4j.cuda.kernels;

import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceProjectedBatch;
import org.ctc4j.DeviceProjectedResult;
import org.ctc4j.DeviceProjection;
import org.ctc4j.ElementType;

/** What the memory of a call on hidden states depends on. */
public record ProjectionShape(Batch batch, Layer layer, Gradients gradients) {

  /**
   * @param frames T
   * @param utterances N
   * @param rows frames of all utterances, at most T · N
   * @param labels L, of the longest target
   */
  public record Batch(int frames, int utterances, int rows, int labels) {}

  /**
   * @param type of hidden states and weight
   * @param classes C
   * @param dimensions D
   * @param fast see {@link DeviceProjection}
   */
  public record Layer(ElementType type, int classes, int dimensions, boolean fast) {}

  /** Which are asked for. */
  public record Gradients(boolean hidden, boolean weight, boolean bias) {
    boolean any() {
      return hidden || weight || bias;
    }
  }

  /** Of a call in device memory, where every utterance has T rows. */
  public static ProjectionShape of(DeviceProjectedBatch batch, DeviceProjectedResult result) {
    DeviceBatch frames = batch.frames();
    DeviceProjection layer = batch.projection();
    return new ProjectionShape(
        new Batch(
            frames.frames(),
            frames.utterances(),
            frames.frames() * frames.utterances(),
            frames.targets().maxLength()),
        new Layer(layer.type(), layer.classes(), layer.dimensions(), layer.fast()),
        new Gradients(
            result.losses().gradient() != null,
            result.weightGradient() != 0,
            result.biasGradient() != 0));
  }

  /** 16-bit parts that a gradient is split into for its products, see kernels/projection.cu. */
  int parts() {
    if (!gradients.hidden && !gradients.weight) {
      return 0;
    }
    return switch (layer.type) {
      case FLOAT64, FLOAT32 -> 0;
      case FLOAT16 -> layer.fast ? 1 : 2;
      case BFLOAT16 -> layer.fast ? 1 : 3;
    };
  }

  /** What logits and sums are computed in. */
  public ElementType wide() {
    return layer.type == ElementType.FLOAT64 ? ElementType.FLOAT64 : ElementType.FLOAT32;
  }
}
