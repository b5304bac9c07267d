package org.ctc4j.frameworks;

import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.Targets;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Constant;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat32;

class TensorFlowCtcTest {
  /** A graph whose variable goes down the gradient of the loss, by as much as the rate says. */
  private static final class Descent implements AutoCloseable {
    final Graph graph = new Graph();
    final Ops ops = Ops.create(graph);
    final Ctc ctc = Ctc.create(Backend.CPU);
    private Session session;
    private Op train;
    private TensorFlowCtc loss;

    Variable<TFloat32> variable(Shape shape) {
      return ops.variable(shape, TFloat32.class);
    }

    void prepare(Variable<TFloat32> variable, float[] start, TensorFlowCtc objective, float rate) {
      loss = objective;
      Output<?>[] gradients =
          graph.addGradients(loss.objective().asOutput(), new Output<?>[] {variable.asOutput()});
      @SuppressWarnings("unchecked")
      Output<TFloat32> gradient = (Output<TFloat32>) gradients[0];
      train = ops.train.applyGradientDescent(variable, ops.constant(rate), gradient);
      session = new Session(graph);
      Constant<TFloat32> first = ops.constant(variable.shape(), DataBuffers.of(start));
      session.runner().addTarget(ops.assign(variable, first)).run().close();
    }

    CtcLosses step(Targets targets, int[] inputLengths) {
      return loss.step(session::runner, train, targets, inputLengths);
    }

    float[] value(Variable<TFloat32> variable) {
      try (Result result = session.runner().fetch(variable).run()) {
        TFloat32 value = (TFloat32) result.get(0);
        float[] values = new float[(int) value.size()];
        value.copyTo(DataBuffers.of(values, false, false));
        return values;
      }
    }

    @Override
    public void close() {
      session.close();
      graph.close();
      ctc.close();
    }
  }

  @Test
  @DisplayName("The gradient that arrives at the logits is the reference's")
  void gradient() {
    float[] values = Utterances.logits();
    try (Descent descent = new Descent()) {
      Variable<TFloat32> logits =
          descent.variable(Shape.of(Utterances.FRAMES, Utterances.COUNT, Utterances.CLASSES));
      TensorFlowCtc loss =
          new TensorFlowCtc(descent.ops, logits, "TNC", descent.ctc, Utterances.SUM);
      descent.prepare(logits, values, loss, 1);
      CtcLosses result = descent.step(Utterances.targets(), Utterances.INPUT_LENGTHS);
      // a step of rate 1 has taken it off, to the last bit of the logits
      float[] after = descent.value(logits);
      for (int i = 0; i < after.length; i++) {
        after[i] = values[i] - after[i];
      }
      Utterances.assertReference(values, after, result, 1e-6);
    }
  }

  @Test
  @DisplayName("A linear model learns")
  void learns() {
    int[][] labels = new int[Utterances.LEARNED_COUNT][];
    float[] features = Utterances.learnable(labels);
    double[] losses = new double[Utterances.STEPS];
    try (Descent descent = new Descent()) {
      Ops ops = descent.ops;
      Shape rows =
          Shape.of((long) Utterances.LEARNED_COUNT * Utterances.LEARNED_FRAMES, Utterances.CLASSES);
      Variable<TFloat32> weight =
          descent.variable(Shape.of(Utterances.CLASSES, Utterances.CLASSES));
      Operand<TFloat32> product =
          ops.linalg.matMul(ops.constant(rows, DataBuffers.of(features)), weight);
      Operand<TFloat32> logits =
          ops.reshape(
              product,
              ops.constant(
                  new int[] {
                    Utterances.LEARNED_COUNT, Utterances.LEARNED_FRAMES, Utterances.CLASSES
                  }));
      TensorFlowCtc loss = new TensorFlowCtc(ops, logits, "NTC", descent.ctc, Utterances.MEAN);
      descent.prepare(weight, new float[Utterances.CLASSES * Utterances.CLASSES], loss, 1);
      for (int step = 0; step < losses.length; step++) {
        losses[step] = descent.step(Targets.of(labels), Utterances.learnableLengths()).reduced();
      }
    }
    Utterances.assertLearned(losses);
  }
}
