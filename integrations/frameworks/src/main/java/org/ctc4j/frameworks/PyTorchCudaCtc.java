package org.ctc4j.frameworks;

import java.util.Objects;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch_cuda;
import org.ctc4j.CtcOptions;
import org.ctc4j.CudaCtc;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceResult;
import org.ctc4j.DeviceTargets;
import org.ctc4j.DeviceTensor;
import org.ctc4j.InvalidInputException;

/**
 * CTC for the tensors of {@code org.bytedeco:pytorch} on a GPU, with its {@code -gpu} natives: on
 * PyTorch's current stream, with nothing copied and nothing waited for. It is compiled with the
 * build; like all of {@link CudaCtc} it has not run on a real GPU yet.
 *
 * <p>PyTorch gives the memory of a tensor that goes away to the next one of the same stream, which
 * comes behind in order, so tensors may go away as soon as this returns. As thread-safe as the
 * {@link CudaCtc}, which stays the caller's to close.
 */
public final class PyTorchCudaCtc {
  private final CudaCtc ctc;
  private final CtcOptions options;

  /**
   * What the stream will have written when it gets there.
   *
   * @param losses N float64, in nats
   * @param statuses N int32, as {@link DeviceResult} has them
   */
  public record DeviceLosses(Tensor losses, Tensor statuses) {}

  /**
   * @param ctc on the device that the tensors are on
   */
  public PyTorchCudaCtc(CudaCtc ctc, CtcOptions options) {
    this.ctc = Objects.requireNonNull(ctc, "ctc");
    this.options = Objects.requireNonNull(options, "options");
  }

  /**
   * Computes the losses, and adds the gradient to that of all that the logits were computed of.
   *
   * @param logits (T, N, C) of float32, float64, float16 or bfloat16, of any strides
   * @param targets (N, Lmax) int32, padded, contiguous
   * @param targetLengths N int32, contiguous
   * @param inputLengths N int32, contiguous
   */
  public DeviceLosses backward(
      Tensor logits, Tensor targets, Tensor targetLengths, Tensor inputLengths) {
    DeviceBatch batch = batch(logits, targets, targetLengths, inputLengths);
    Tensor gradient = torch.empty_like(logits);
    Tensor losses = make(logits, batch.utterances(), torch.ScalarType.Double);
    Tensor statuses = make(logits, batch.utterances(), torch.ScalarType.Int);
    DeviceResult result =
        new DeviceResult(
            address("losses", losses), address("statuses", statuses), 0, tensor(gradient));
    ctc.enqueue(batch, options, result, torch_cuda.getCurrentCUDAStream().stream().address());
    logits.backward(gradient, new BoolOptional(), false, new TensorArrayRefOptional());
    return new DeviceLosses(losses, statuses);
  }

  static DeviceBatch batch(
      Tensor logits, Tensor targets, Tensor targetLengths, Tensor inputLengths) {
    long[] sizes = PyTorchCtc.sizes(logits);
    int utterances = Math.toIntExact(sizes[1]);
    int longest = Math.toIntExact(targets.size(-1));
    return new DeviceBatch(
        tensor(logits),
        Math.toIntExact(sizes[0]),
        utterances,
        Math.toIntExact(sizes[2]),
        DeviceTargets.padded(
            integers("targets", targets, sizes[1] * longest),
            utterances,
            longest,
            integers("targetLengths", targetLengths, utterances)),
        integers("inputLengths", inputLengths, utterances));
  }

  private static Tensor make(Tensor like, int size, torch.ScalarType type) {
    return like.new_empty(new long[] {size}, new TensorOptions(type));
  }

  private static DeviceTensor tensor(Tensor tensor) {
    return new DeviceTensor(
        address("logits", tensor),
        PyTorchCtc.type(tensor),
        0,
        tensor.stride(1),
        tensor.stride(0),
        tensor.stride(2));
  }

  private static long integers(String name, Tensor tensor, long count) {
    if (tensor.scalar_type().intern() != torch.ScalarType.Int
        || tensor.numel() != count
        || !tensor.is_contiguous()) {
      throw new InvalidInputException(
          "%s: expected %d of Int, contiguous, got %d of %s"
              .formatted(name, count, tensor.numel(), tensor.scalar_type().intern()));
    }
    return address(name, tensor);
  }

  private static long address(String name, Tensor tensor) {
    if (!tensor.is_cuda()) {
      throw new InvalidInputException(
          "%s: expected a tensor on a GPU, got one on %s"
              .formatted(name, tensor.device().str().getString()));
    }
    return tensor.data_ptr().address();
  }
}
