package org.ctc4j.benchmarks;

import org.ctc4j.FrameTensor;
import org.ctc4j.bench.Shape;
import org.ctc4j.bench.Workload;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;

/**
 * ND4J's native ctc_loss and ctc_loss_grad behind its log_softmax. They take log-probabilities,
 * batch-major, and the gradient is that with respect to the logits behind them. No operation gives
 * loss and gradient together, so both run. {@code Nd4j.loss().ctcLoss} leaves no choice of the
 * blank; the operations do.
 */
final class Nd4jPeer implements Peer {
  private final Workload workload;
  private final INDArray losses;
  private final INDArray gradient;
  private final DynamicCustomOp logSoftmax;
  private final DynamicCustomOp loss;
  private final DynamicCustomOp lossGradient;

  Nd4jPeer(Workload workload, int threads) {
    Nd4j.getEnvironment().setMaxThreads(threads);
    Nd4j.getEnvironment().setMaxMasterThreads(threads);
    this.workload = workload;
    Shape shape = workload.shape();
    INDArray logits =
        swapFramesAndUtterances(
            Nd4j.createFromArray(workload.logits())
                .reshape(shape.frames(), shape.utterances(), shape.classes()));
    INDArray logProbs = logits.ulike();
    INDArray[] inputs = {
      Nd4j.createFromArray(workload.paddedTargets()).reshape(shape.utterances(), shape.labels()),
      logProbs,
      Nd4j.createFromArray(workload.targetLengths()),
      Nd4j.createFromArray(workload.inputLengths())
    };
    losses = Nd4j.create(DataType.FLOAT, shape.utterances());
    gradient = logits.ulike();
    logSoftmax =
        DynamicCustomOp.builder("log_softmax")
            .addInputs(logits)
            .addOutputs(logProbs)
            .addIntegerArguments(2)
            .build();
    loss = operation("ctc_loss", inputs, losses);
    lossGradient = operation("ctc_loss_grad", inputs, gradient);
  }

  private static DynamicCustomOp operation(String name, INDArray[] inputs, INDArray output) {
    return DynamicCustomOp.builder(name)
        .addInputs(inputs)
        .addOutputs(output)
        .addIntegerArguments(Workload.BLANK)
        .build();
  }

  private static INDArray swapFramesAndUtterances(INDArray array) {
    return array.permute(1, 0, 2).dup('c');
  }

  @Override
  public void lossAndGradient() {
    Nd4j.exec(logSoftmax);
    Nd4j.exec(loss);
    Nd4j.exec(lossGradient);
  }

  @Override
  public double[] losses() {
    return losses.toDoubleVector();
  }

  @Override
  public FrameTensor gradient() {
    return workload.tensor(swapFramesAndUtterances(gradient).data().asFloat());
  }

  /** The garbage collector frees what ND4J allocates. */
  @Override
  public void close() {}
}
