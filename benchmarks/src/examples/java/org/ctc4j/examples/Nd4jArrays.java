package org.ctc4j.examples;

import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.ctc4j.CtcOptions;
import org.ctc4j.CudaCtc;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceResult;
import org.ctc4j.DeviceTargets;
import org.ctc4j.DeviceTensor;
import org.ctc4j.ElementType;
import org.nd4j.jita.allocator.impl.AtomicAllocator;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.jcublas.context.CudaContext;

/** The example of {@link CudaCtc} for ND4J: that it compiles. */
final class Nd4jArrays {
  private Nd4jArrays() {}

  static void step(
      CudaCtc ctc,
      CtcOptions options,
      INDArray logits,
      INDArray gradient,
      DeviceTargets targets,
      long inputLengths,
      long losses,
      long statuses,
      int T,
      int N,
      int C) {
    // logits and gradient: (T, N, C) float32, in C order
    AtomicAllocator allocator = AtomicAllocator.getInstance();
    // brings both to the device; the stream's number lies where ND4J's pointer points to
    CudaContext context = allocator.getFlowController().prepareAction(gradient, logits);
    long stream = new PointerPointer<Pointer>(context.getOldStream()).get(0).address();
    long from = allocator.getAllocationPoint(logits).getDevicePointer().address();
    long to = allocator.getAllocationPoint(gradient).getDevicePointer().address();
    DeviceBatch batch = new DeviceBatch(
        DeviceTensor.timeMajor(from + 4 * logits.offset(), ElementType.FLOAT32, N, C), T, N, C,
        targets, inputLengths);
    DeviceResult result = new DeviceResult(losses, statuses, 0,
        DeviceTensor.timeMajor(to + 4 * gradient.offset(), ElementType.FLOAT32, N, C));
    ctc.enqueue(batch, options, result, stream);
    // ND4J must not trust its host copy
    allocator.getFlowController().registerAction(context, gradient, logits);
  }
}
