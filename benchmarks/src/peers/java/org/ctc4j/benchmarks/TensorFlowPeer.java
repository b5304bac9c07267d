package org.ctc4j.benchmarks;

import org.ctc4j.FrameTensor;
import org.ctc4j.bench.Shape;
import org.ctc4j.bench.Workload;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.nn.CtcLoss;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * TensorFlow's CTCLoss operation, which takes logits and whose second output is the gradient with
 * respect to them. Its blank is the last class: it is given class c + 1 of the workload as its
 * class c, and class 0 as its last.
 */
final class TensorFlowPeer implements Peer {
  private final Workload workload;
  private final TFloat32 logits;
  private final TInt64 labelIndices;
  private final TInt32 labels;
  private final TInt32 inputLengths;
  private final Graph graph;
  private final Placeholder<TFloat32> logitsIn;
  private final Placeholder<TInt64> labelIndicesIn;
  private final Placeholder<TInt32> labelsIn;
  private final Placeholder<TInt32> inputLengthsIn;
  private final CtcLoss<TFloat32> ctc;
  private final Session session;
  private Result result;

  TensorFlowPeer(Workload workload, int threads) {
    this.workload = workload;
    Shape shape = workload.shape();
    logits =
        TFloat32.tensorOf(
            org.tensorflow.ndarray.Shape.of(shape.frames(), shape.utterances(), shape.classes()),
            DataBuffers.of(blankLast(workload.logits(), shape.classes())));
    int[][] targets = workload.targets();
    int total = 0;
    for (int[] target : targets) {
      total += target.length;
    }
    long[] indices = new long[2 * total];
    int[] values = new int[total];
    int next = 0;
    for (int n = 0; n < targets.length; n++) {
      for (int i = 0; i < targets[n].length; i++) {
        indices[2 * next] = n;
        indices[2 * next + 1] = i;
        values[next++] = targets[n][i] - 1;
      }
    }
    labelIndices =
        TInt64.tensorOf(org.tensorflow.ndarray.Shape.of(total, 2), DataBuffers.of(indices));
    labels = TInt32.vectorOf(values);
    inputLengths = TInt32.vectorOf(workload.inputLengths());

    graph = new Graph();
    Ops ops = Ops.create(graph);
    logitsIn = ops.placeholder(TFloat32.class);
    labelIndicesIn = ops.placeholder(TInt64.class);
    labelsIn = ops.placeholder(TInt32.class);
    inputLengthsIn = ops.placeholder(TInt32.class);
    ctc = ops.nn.ctcLoss(logitsIn, labelIndicesIn, labelsIn, inputLengthsIn);
    session =
        new Session(
            graph,
            ConfigProto.newBuilder()
                .setIntraOpParallelismThreads(threads)
                .setInterOpParallelismThreads(1)
                .build());
  }

  static float[] blankLast(float[] blankFirst, int classes) {
    float[] rotated = new float[blankFirst.length];
    for (int row = 0; row < rotated.length; row += classes) {
      System.arraycopy(blankFirst, row + 1, rotated, row, classes - 1);
      rotated[row + classes - 1] = blankFirst[row];
    }
    return rotated;
  }

  private static float[] blankFirst(float[] blankLast, int classes) {
    float[] rotated = new float[blankLast.length];
    for (int row = 0; row < rotated.length; row += classes) {
      System.arraycopy(blankLast, row, rotated, row + 1, classes - 1);
      rotated[row] = blankLast[row + classes - 1];
    }
    return rotated;
  }

  @Override
  public void lossAndGradient() {
    releaseResult();
    result =
        session
            .runner()
            .feed(logitsIn, logits)
            .feed(labelIndicesIn, labelIndices)
            .feed(labelsIn, labels)
            .feed(inputLengthsIn, inputLengths)
            .fetch(ctc.loss())
            .fetch(ctc.gradient())
            .run();
  }

  @Override
  public double[] losses() {
    TFloat32 losses = (TFloat32) result.get(0);
    double[] values = new double[workload.shape().utterances()];
    for (int n = 0; n < values.length; n++) {
      values[n] = losses.getFloat(n);
    }
    return values;
  }

  @Override
  public FrameTensor gradient() {
    float[] values = new float[workload.logits().length];
    ((TFloat32) result.get(1)).copyTo(DataBuffers.of(values, false, false));
    return workload.tensor(blankFirst(values, workload.shape().classes()));
  }

  private void releaseResult() {
    if (result != null) {
      result.close();
    }
  }

  @Override
  public void close() {
    releaseResult();
    session.close();
    graph.close();
    logits.close();
    labelIndices.close();
    labels.close();
    inputLengths.close();
  }
}
