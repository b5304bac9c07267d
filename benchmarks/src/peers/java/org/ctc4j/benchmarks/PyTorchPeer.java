package org.ctc4j.benchmarks;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.ctc4j.FrameTensor;
import org.ctc4j.bench.Shape;
import org.ctc4j.bench.Workload;

/**
 * PyTorch's native CTC behind its log-softmax, as {@code torch.nn.functional.ctc_loss} runs it on a
 * CPU, through the Java bindings of libtorch.
 */
final class PyTorchPeer implements Peer {
  private static final long NO_REDUCTION = 0;

  private final Workload workload;
  private final Tensor logits;
  private final Tensor targets;
  private final long[] inputLengths;
  private final long[] targetLengths;
  private final float[] losses;

  PyTorchPeer(Workload workload, int threads) {
    torch.set_num_threads(threads);
    Shape shape = workload.shape();
    this.workload = workload;
    logits =
        Tensor.create(workload.logits(), shape.frames(), shape.utterances(), shape.classes())
            .requires_grad_(true);
    targets = Tensor.create(toLongs(workload.paddedTargets()), shape.utterances(), shape.labels());
    inputLengths = toLongs(workload.inputLengths());
    targetLengths = toLongs(workload.targetLengths());
    losses = new float[shape.utterances()];
  }

  private static long[] toLongs(int[] values) {
    long[] longs = new long[values.length];
    for (int i = 0; i < values.length; i++) {
      longs[i] = values[i];
    }
    return longs;
  }

  @Override
  @SuppressWarnings("try") // the scope frees what is made within it
  public void lossAndGradient() {
    logits.mutable_grad().reset();
    try (PointerScope scope = new PointerScope()) {
      Tensor logProbs = torch.log_softmax(logits, 2);
      Tensor perUtterance =
          torch.ctc_loss(
              logProbs, targets, inputLengths, targetLengths, Workload.BLANK, NO_REDUCTION, false);
      perUtterance.sum().backward();
      perUtterance.data_ptr_float().get(losses);
    }
  }

  @Override
  public double[] losses() {
    double[] result = new double[losses.length];
    for (int n = 0; n < result.length; n++) {
      result[n] = losses[n];
    }
    return result;
  }

  @Override
  public FrameTensor gradient() {
    float[] values = new float[workload.logits().length];
    logits.grad().contiguous().data_ptr_float().get(values);
    return workload.tensor(values);
  }

  @Override
  public void close() {
    logits.close();
    targets.close();
  }
}
