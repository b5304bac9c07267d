package org.ctc4j.djl;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.training.loss.Loss;
import java.lang.ref.WeakReference;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcResult;
import org.ctc4j.InvalidInputException;
import org.ctc4j.Reduction;
import org.ctc4j.Wildcards;

/**
 * The CTC loss, to train with. {@link org.ctc4j.djl} says what predictions and labels are.
 *
 * <pre>{@code
 * try (Ctc ctc = Ctc.create()) {
 *   TrainingConfig config =
 *       new DefaultTrainingConfig(new CtcLoss(ctc, FrameLayout.BATCH_MAJOR))
 *           .addEvaluator(CtcErrorRate.labels(CtcOptions.DEFAULT, FrameLayout.BATCH_MAJOR))
 *           .addTrainingListeners(TrainingListener.Defaults.logging());
 *   …
 * }
 * }</pre>
 *
 * <p>The gradient reaches DJL's graph without a function of its own. With g the gradient of the
 * loss with respect to the predictions x, a constant, and x<sub>0</sub> = x, a constant, too,
 * {@link #evaluate} is
 *
 * <pre>loss + Σ (x − x<sub>0</sub>) g</pre>
 *
 * which is the loss, and whose gradient is g.
 *
 * <p>DJL's listeners ask for the loss of each batch once more, to add it up; that is answered from
 * memory, and for validation, where nobody asked before, without computing a gradient.
 *
 * <p>As thread-safe as the {@link Ctc}, which stays the caller's to close.
 */
public class CtcLoss extends Loss {
  /** Batches whose loss is remembered: those of one step on as many devices. */
  private static final int REMEMBERED = 64;

  private final Ctc ctc;
  private final CtcOptions options;
  private final FrameLayout layout;
  private final Supplier<Wildcards> wildcards; // of null where targets hold none
  private final Deque<Evaluated> evaluated = new ArrayDeque<>(); // guarded by itself
  private final Map<String, Mean> means = new ConcurrentHashMap<>();

  private record Evaluated(
      WeakReference<NDArray> targets, WeakReference<NDArray> predictions, double loss) {
    boolean isOf(NDList labels, NDList other) {
      return targets.refersTo(labels.head()) && predictions.refersTo(other.head());
    }
  }

  private record Mean(double sum, long batches) {
    static final Mean NONE = new Mean(0, 0);

    Mean plus(double loss) {
      return new Mean(sum + loss, batches + 1);
    }
  }

  /**
   * Blank 0, logits, {@link Reduction#MEAN}.
   *
   * @param ctc computes the losses
   */
  public CtcLoss(Ctc ctc, FrameLayout layout) {
    this(ctc, CtcOptions.DEFAULT.withReduction(Reduction.MEAN), layout);
  }

  /**
   * @param ctc computes the losses
   * @param options with a reduction: DJL minimises one number
   * @throws InvalidInputException if the reduction is {@link Reduction#NONE}
   */
  public CtcLoss(Ctc ctc, CtcOptions options, FrameLayout layout) {
    this(ctc, options, layout, () -> null);
  }

  /**
   * Of targets that may hold {@link Wildcards}, or whose labels may be left out.
   *
   * @param ctc computes the losses
   * @param options with a reduction: DJL minimises one number
   * @param wildcards what they cost: asked for at every batch, so that penalties can follow the
   *     training; null from it where targets hold none
   * @throws InvalidInputException if the reduction is {@link Reduction#NONE}
   */
  public CtcLoss(Ctc ctc, CtcOptions options, FrameLayout layout, Supplier<Wildcards> wildcards) {
    super("CtcLoss");
    this.ctc = Objects.requireNonNull(ctc, "ctc");
    this.options = Objects.requireNonNull(options, "options");
    this.layout = Objects.requireNonNull(layout, "layout");
    this.wildcards = Objects.requireNonNull(wildcards, "wildcards");
    if (options.reduction() == Reduction.NONE) {
      throw new InvalidInputException(
          "reduction: expected one that makes a single number of the losses, got NONE");
    }
  }

  /**
   * The reduced loss of a batch, in nats, as a float32 scalar that belongs to the predictions'
   * manager and through which the gradient flows back to them.
   *
   * @throws InvalidInputException if an argument is not of the shape or type that it should have,
   *     or out of its range
   */
  @Override
  public NDArray evaluate(NDList labels, NDList predictions) {
    NDArray logits = predictions.head();
    try (HostArray host = new HostArray("predictions", logits);
        NDManager scope = logits.getManager().newSubManager(Device.cpu())) {
      CtcBatch batch = Labels.batch(host.frames(layout), labels, wildcards.get());
      NDArray gradient = scope.zeros(logits.getShape(), logits.getDataType());
      double loss = lossAndGradient(batch, gradient);
      remember(labels, predictions, loss);
      try (NDArray zero = zeroOf(logits, gradient);
          NDArray value = logits.getManager().create((float) loss)) {
        return zero.add(value); // float32 also where zero is float16
      }
    }
  }

  private double lossAndGradient(CtcBatch batch, NDArray gradient) {
    try (HostArray host = new HostArray("gradient", gradient)) {
      return compute(batch, CtcResult.ofGradient(host.frames(layout)));
    }
  }

  /** Computes a batch, and returns its reduced loss. */
  double compute(CtcBatch batch, CtcResult result) {
    ctc.compute(batch, options, result);
    return result.loss();
  }

  /** Σ (x − x₀) g. */
  private static NDArray zeroOf(NDArray logits, NDArray gradient) {
    NDArray there =
        logits.getDevice().isGpu() ? gradient.toDevice(logits.getDevice(), false) : gradient;
    // the difference is NaN where x is no number: −Infinity, which rules a class out, or anything
    // in frames that are not used, or in an utterance that is NOT_FINITE. There g is 0
    try (there;
        NDArray constant = logits.stopGradient();
        NDArray differences = logits.sub(constant);
        NDArray isNone = differences.isNaN();
        NDArray none = differences.zerosLike();
        NDArray zeros = NDArrays.where(isNone, none, differences);
        NDArray products = zeros.mul(there)) {
      return products.sum();
    }
  }

  private void remember(NDList labels, NDList predictions, double loss) {
    synchronized (evaluated) {
      if (evaluated.size() == REMEMBERED) {
        evaluated.removeFirst();
      }
      evaluated.addLast(
          new Evaluated(
              new WeakReference<>(labels.head()), new WeakReference<>(predictions.head()), loss));
    }
  }

  private OptionalDouble remembered(NDList labels, NDList predictions) {
    synchronized (evaluated) {
      return evaluated.stream()
          .filter(one -> one.isOf(labels, predictions))
          .mapToDouble(Evaluated::loss)
          .findFirst();
    }
  }

  private double value(NDList labels, NDList predictions) {
    try (HostArray host = new HostArray("predictions", predictions.head())) {
      CtcBatch batch = Labels.batch(host.frames(layout), labels, wildcards.get());
      return compute(batch, CtcResult.ofLosses(batch.utterances()));
    }
  }

  // DJL's Loss computes a batch's loss anew to add it up

  @Override
  public void addAccumulator(String key) {
    means.put(key, Mean.NONE);
  }

  @Override
  public void resetAccumulator(String key) {
    means.put(key, Mean.NONE);
  }

  @Override
  public void updateAccumulators(String[] keys, NDList labels, NDList predictions) {
    double loss = remembered(labels, predictions).orElseGet(() -> value(labels, predictions));
    for (String key : keys) {
      means.compute(key, (k, mean) -> (mean == null ? Mean.NONE : mean).plus(loss));
    }
  }

  /** The mean of the losses of the batches since the last reset, NaN if there was none. */
  @Override
  public float getAccumulator(String key) {
    Mean mean = means.get(key);
    if (mean == null) {
      throw new IllegalArgumentException(
          "accumulator: expected one of %s, got %s".formatted(means.keySet(), key));
    }
    return (float) (mean.sum / mean.batches);
  }
}
