package org.ctc4j.frameworks;

import java.lang.ref.Reference;
import java.util.Objects;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcResult;
import org.ctc4j.ElementType;
import org.ctc4j.FrameTensor;
import org.ctc4j.InvalidInputException;
import org.ctc4j.Strides;
import org.ctc4j.Targets;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * CTC for Deeplearning4j's networks and ND4J's arrays on the CPU.
 *
 * <pre>{@code
 * // the last layer no output layer but one with identity activation: (N, C, T), the logits
 * Dl4jCtc loss = new Dl4jCtc(ctc, CtcOptions.DEFAULT.withReduction(Reduction.MEAN));
 * CtcLosses losses = loss.fit(network, features, targets, inputLengths);
 * }</pre>
 *
 * <p>Logits are read, and their gradient is written, where ND4J has them: nothing is copied. Arrays
 * on a GPU are what {@link org.ctc4j.CudaCtc} has an example for. As thread-safe as the {@link
 * Ctc}, which stays the caller's to close; a network is for one thread at a time.
 */
public final class Dl4jCtc {
  private final Ctc ctc;
  private final CtcOptions options;

  public Dl4jCtc(Ctc ctc, CtcOptions options) {
    this.ctc = Objects.requireNonNull(ctc, "ctc");
    this.options = Objects.requireNonNull(options, "options");
  }

  /**
   * One step of the network's updater: forward, loss, backward with external errors, update.
   *
   * @param features (N, features, T), as recurrent and 1D convolutional layers take them
   * @param inputLengths frames of each utterance that come out of the network
   * @return losses and statuses, from before the step
   */
  public CtcLosses fit(
      MultiLayerNetwork network, INDArray features, Targets targets, int... inputLengths) {
    network.setInput(features);
    INDArray logits = network.feedForward(true, false).get(network.getnLayers());
    INDArray errors = logits.ulike();
    CtcLosses losses = lossAndGradient(logits, errors, targets, inputLengths);
    LayerWorkspaceMgr workspaces = LayerWorkspaceMgr.noWorkspaces();
    Gradient gradient = network.backpropGradient(errors, workspaces).getFirst();
    int step = network.getIterationCount();
    int batch = 1; // the updater divides by it, and the reduction has done so as far as wanted
    network
        .getUpdater()
        .update(network, gradient, step, network.getEpochCount(), batch, workspaces);
    network.params().subi(gradient.gradient());
    network.getLayerWiseConfigurations().setIterationCount(step + 1);
    network.clear();
    return losses;
  }

  /**
   * @param logits (N, C, T) of float32, float64, float16 or bfloat16, of any strides; of another
   *     order {@code permute} makes a view
   * @param gradient where the gradient is written, of the shape of the logits
   * @param inputLengths frames of each utterance
   * @throws InvalidInputException as {@link Ctc#compute}
   */
  public CtcLosses lossAndGradient(
      INDArray logits, INDArray gradient, Targets targets, int... inputLengths) {
    try {
      CtcResult result = CtcResult.ofGradient(frames(gradient));
      ctc.compute(CtcBatch.of(frames(logits), targets, inputLengths), options, result);
      return CtcLosses.of(result);
    } finally {
      Reference.reachabilityFence(logits); // the views do not keep them
      Reference.reachabilityFence(gradient);
    }
  }

  private static FrameTensor frames(INDArray array) {
    if (array.rank() != 3) {
      throw new InvalidInputException(
          "expected the three dimensions (N, C, T), got " + array.rank());
    }
    long count = HostMemory.span(array.shape(), array.stride());
    return FrameTensor.strided(
        HostMemory.elements(array.data().pointer(), type(array), array.offset() + count),
        array.offset(),
        Math.toIntExact(array.size(2)),
        Math.toIntExact(array.size(0)),
        Math.toIntExact(array.size(1)),
        new Strides(array.stride(2), array.stride(0), array.stride(1)));
  }

  private static ElementType type(INDArray array) {
    return switch (array.dataType()) {
      case FLOAT -> ElementType.FLOAT32;
      case DOUBLE -> ElementType.FLOAT64;
      case HALF -> ElementType.FLOAT16;
      case BFLOAT16 -> ElementType.BFLOAT16;
      default ->
          throw new InvalidInputException(
              "expected FLOAT, DOUBLE, HALF or BFLOAT16, got " + array.dataType());
    };
  }
}
