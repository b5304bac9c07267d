package org.ctc4j.benchmarks;

import java.util.Arrays;
import org.ctc4j.bench.Shape;
import org.ctc4j.bench.Workload;
import org.tensorflow.Graph;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.nn.CtcBeamSearchDecoder;
import org.tensorflow.op.nn.CtcGreedyDecoder;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * TensorFlow's CTCBeamSearchDecoder and CTCGreedyDecoder operations on one thread. Their blank is
 * the last class, see {@link TensorFlowPeer}.
 */
final class TensorFlowDecoder implements AutoCloseable {
  private final int utterances;
  private final TFloat32 logits;
  private final TInt32 inputLengths;
  private final Graph graph = new Graph();
  private final Placeholder<TFloat32> logitsIn;
  private final Placeholder<TInt32> inputLengthsIn;
  private final CtcBeamSearchDecoder<TFloat32> beam;
  private final CtcGreedyDecoder<TFloat32> greedy;
  private final Session session;
  private Result result;

  TensorFlowDecoder(Workload workload, int beamWidth) {
    Shape shape = workload.shape();
    utterances = shape.utterances();
    logits =
        TFloat32.tensorOf(
            org.tensorflow.ndarray.Shape.of(shape.frames(), utterances, shape.classes()),
            DataBuffers.of(TensorFlowPeer.blankLast(workload.logits(), shape.classes())));
    inputLengths = TInt32.vectorOf(workload.inputLengths());
    Ops ops = Ops.create(graph);
    logitsIn = ops.placeholder(TFloat32.class);
    inputLengthsIn = ops.placeholder(TInt32.class);
    // merging here means the labels of the output: it would make "ab" of "aab"
    beam =
        ops.nn.ctcBeamSearchDecoder(
            logitsIn,
            inputLengthsIn,
            (long) beamWidth,
            1L,
            CtcBeamSearchDecoder.mergeRepeated(false));
    // and here the classes of neighbouring frames, as CTC wants it
    greedy =
        ops.nn.ctcGreedyDecoder(logitsIn, inputLengthsIn, CtcGreedyDecoder.mergeRepeated(true));
    session =
        new Session(
            graph,
            ConfigProto.newBuilder()
                .setIntraOpParallelismThreads(1)
                .setInterOpParallelismThreads(1)
                .build());
  }

  void beam() {
    run(beam.decodedIndices().get(0), beam.decodedValues().get(0), beam.logProbability());
  }

  void greedy() {
    run(greedy.decodedIndices(), greedy.decodedValues(), greedy.logProbability());
  }

  private void run(Output<TInt64> indices, Output<TInt64> values, Output<TFloat32> logProbability) {
    releaseResult();
    result =
        session
            .runner()
            .feed(logitsIn, logits)
            .feed(inputLengthsIn, inputLengths)
            .fetch(indices)
            .fetch(values)
            .fetch(logProbability)
            .run();
  }

  /** The labels of the last call, as classes of the workload. */
  int[][] labels() {
    TInt64 indices = (TInt64) result.get(0);
    TInt64 values = (TInt64) result.get(1);
    int[][] labels = new int[utterances][0];
    for (long i = 0; i < values.size(); i++) {
      int n = (int) indices.getLong(i, 0);
      labels[n] = Arrays.copyOf(labels[n], labels[n].length + 1);
      labels[n][labels[n].length - 1] = (int) values.getLong(i) + 1;
    }
    return labels;
  }

  /** What the last call gave as the log-probability of utterance n. */
  double logProbability(int n) {
    return ((TFloat32) result.get(2)).getFloat(n, 0);
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
    inputLengths.close();
  }
}
