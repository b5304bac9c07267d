package org.ctc4j.examples;

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
import org.ctc4j.ElementType;

/** The example of {@link CudaCtc} for PyTorch: that it compiles. */
final class PyTorchTensors {
  private PyTorchTensors() {}

  static void step(
      CudaCtc ctc,
      CtcOptions options,
      Tensor logits,
      Tensor targets,
      Tensor targetLengths,
      Tensor inputLengths,
      int T,
      int N,
      int C,
      int Lmax) {
    // logits: (T, N, C) float32, contiguous; targets: (N, Lmax) int32; lengths: N int32 each
    Tensor gradient = torch.empty_like(logits);
    Tensor losses = logits.new_empty(new long[] {N}, new TensorOptions(torch.ScalarType.Double));
    Tensor statuses = logits.new_empty(new long[] {N}, new TensorOptions(torch.ScalarType.Int));
    DeviceBatch batch = new DeviceBatch(
        DeviceTensor.timeMajor(logits.data_ptr().address(), ElementType.FLOAT32, N, C), T, N, C,
        DeviceTargets.padded(
            targets.data_ptr().address(), N, Lmax, targetLengths.data_ptr().address()),
        inputLengths.data_ptr().address());
    DeviceResult result = new DeviceResult(
        losses.data_ptr().address(), statuses.data_ptr().address(), 0,
        DeviceTensor.timeMajor(gradient.data_ptr().address(), ElementType.FLOAT32, N, C));
    ctc.enqueue(batch, options, result, torch_cuda.getCurrentCUDAStream().stream().address());
    // ordered behind it on the same stream
    logits.backward(gradient, new BoolOptional(), false, new TensorArrayRefOptional());
  }
}
