package org.ctc4j.frameworks;

import java.util.Objects;
import java.util.function.Supplier;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcResult;
import org.ctc4j.FrameTensor;
import org.ctc4j.Targets;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.ReduceSum;
import org.tensorflow.types.TFloat32;

/**
 * CTC for a graph of {@code org.tensorflow:tensorflow-core-api}.
 *
 * <pre>{@code
 * TensorFlowCtc loss = new TensorFlowCtc(ops, logits, "NTC", ctc, options);
 * Op train = optimizer.minimize(loss.objective());
 * CtcLosses losses =
 *     loss.step(() -> session.runner().feed(input, features), train, targets, inputLengths);
 * }</pre>
 *
 * <p>The objective is Σ x g of the logits x and a placeholder for g, the gradient of the loss: its
 * gradient is that of the loss, its value means nothing. A step runs the graph twice, for the
 * logits and for the update, since a session keeps nothing from one run to the next; what is drawn
 * on the way, a dropout, has to be drawn from a seed. Logits and gradient are copied. As
 * thread-safe as the {@link Ctc}, which stays the caller's to close.
 */
public final class TensorFlowCtc {
  private final Operand<TFloat32> logits;
  private final String axes;
  private final Placeholder<TFloat32> gradient;
  private final Operand<TFloat32> objective;
  private final Ctc ctc;
  private final CtcOptions options;

  /**
   * Adds the objective to the graph.
   *
   * @param logits of three dimensions
   * @param axes their order, "NTC" or "TNC"
   */
  public TensorFlowCtc(
      Ops ops, Operand<TFloat32> logits, String axes, Ctc ctc, CtcOptions options) {
    this.logits = Objects.requireNonNull(logits, "logits");
    this.axes = Objects.requireNonNull(axes, "axes");
    this.ctc = Objects.requireNonNull(ctc, "ctc");
    this.options = Objects.requireNonNull(options, "options");
    this.gradient = ops.placeholder(TFloat32.class);
    this.objective =
        ops.reduceSum(
            ops.math.mul(logits, gradient),
            ops.constant(new int[] {0, 1, 2}),
            new ReduceSum.Options[0]);
  }

  /** What an optimizer is to minimise, a scalar. */
  public Operand<TFloat32> objective() {
    return objective;
  }

  /**
   * Computes the logits, the loss, and what {@code train} does with its gradient.
   *
   * @param runner gives a new runner with all inputs of the graph
   * @param train an optimizer's operation on the {@link #objective}
   * @param inputLengths frames of each utterance
   * @return losses and statuses, from before the step
   * @throws org.ctc4j.InvalidInputException as {@link Ctc#compute}
   */
  public CtcLosses step(
      Supplier<Session.Runner> runner, Op train, Targets targets, int... inputLengths) {
    try (Result forward = runner.get().fetch(logits).run()) {
      TFloat32 values = (TFloat32) forward.get(0);
      Shape shape = values.shape();
      float[] numbers = new float[Math.toIntExact(values.size())];
      values.copyTo(DataBuffers.of(numbers, false, false));
      int[] sizes = new int[shape.numDimensions()];
      for (int i = 0; i < sizes.length; i++) {
        sizes[i] = Math.toIntExact(shape.get(i));
      }
      CtcBatch batch = CtcBatch.of(FrameTensor.of(numbers, axes, sizes), targets, inputLengths);
      CtcResult result =
          CtcResult.ofGradient(FrameTensor.of(new float[numbers.length], axes, sizes));
      ctc.compute(batch, options, result);
      float[] errors = (float[]) result.gradient().elements().storage();
      try (TFloat32 fed = TFloat32.tensorOf(shape, DataBuffers.of(errors))) {
        runner.get().feed(gradient, fed).addTarget(train).run().close();
      }
      return CtcLosses.of(result);
    }
  }
}
