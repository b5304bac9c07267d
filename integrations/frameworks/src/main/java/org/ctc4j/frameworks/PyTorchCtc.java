package org.ctc4j.frameworks;

import java.util.Objects;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.global.torch;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcResult;
import org.ctc4j.ElementType;
import org.ctc4j.FrameTensor;
import org.ctc4j.InvalidInputException;
import org.ctc4j.Strides;
import org.ctc4j.Targets;

/**
 * CTC for the tensors of {@code org.bytedeco:pytorch} in host memory; {@link PyTorchCudaCtc} is for
 * those on a GPU.
 *
 * <pre>{@code
 * PyTorchCtc loss = new PyTorchCtc(ctc, CtcOptions.DEFAULT.withReduction(Reduction.MEAN));
 * optimizer.zero_grad();
 * Tensor logits = model.forward(features).transpose(0, 1);         // (N, T, C) to (T, N, C)
 * CtcLosses losses = loss.backward(logits, targets, inputLengths);
 * optimizer.step();
 * }</pre>
 *
 * <p>Logits are read, and their gradient is written, where PyTorch has them: nothing is copied. As
 * thread-safe as the {@link Ctc}, which stays the caller's to close.
 */
public final class PyTorchCtc {
  private final Ctc ctc;
  private final CtcOptions options;

  public PyTorchCtc(Ctc ctc, CtcOptions options) {
    this.ctc = Objects.requireNonNull(ctc, "ctc");
    this.options = Objects.requireNonNull(options, "options");
  }

  /**
   * Computes the loss, and adds its gradient to that of all that the logits were computed of.
   *
   * @param logits (T, N, C) of float32, float64, float16 or bfloat16, of any strides, that requires
   *     a gradient
   * @param inputLengths frames of each utterance
   * @return losses and statuses
   * @throws InvalidInputException if the logits are none of these, or as {@link Ctc#compute}
   */
  public CtcLosses backward(Tensor logits, Targets targets, int... inputLengths) {
    if (!logits.is_cpu()) {
      throw new InvalidInputException(
          "logits: expected a tensor in host memory, got one on "
              + logits.device().str().getString());
    }
    CtcBatch batch = CtcBatch.of(frames(logits), targets, inputLengths);
    Tensor gradient = torch.empty_like(logits);
    CtcResult result = CtcResult.ofGradient(frames(gradient));
    ctc.compute(batch, options, result);
    logits.backward(gradient, new BoolOptional(), false, new TensorArrayRefOptional());
    return CtcLosses.of(result);
  }

  private static FrameTensor frames(Tensor tensor) {
    long[] sizes = sizes(tensor);
    long[] strides = {tensor.stride(0), tensor.stride(1), tensor.stride(2)};
    return FrameTensor.strided(
        HostMemory.elements(tensor.data_ptr(), type(tensor), HostMemory.span(sizes, strides)),
        0,
        Math.toIntExact(sizes[0]),
        Math.toIntExact(sizes[1]),
        Math.toIntExact(sizes[2]),
        new Strides(strides[0], strides[1], strides[2]));
  }

  /** T, N and C. */
  static long[] sizes(Tensor logits) {
    if (logits.dim() != 3) {
      throw new InvalidInputException(
          "logits: expected the three dimensions (T, N, C), got " + logits.dim());
    }
    return new long[] {logits.size(0), logits.size(1), logits.size(2)};
  }

  static ElementType type(Tensor logits) {
    return switch (logits.scalar_type().intern()) {
      case Float -> ElementType.FLOAT32;
      case Double -> ElementType.FLOAT64;
      case Half -> ElementType.FLOAT16;
      case BFloat16 -> ElementType.BFLOAT16;
      default ->
          throw new InvalidInputException(
              "logits: expected Float, Double, Half or BFloat16, got " + logits.scalar_type());
    };
  }
}
