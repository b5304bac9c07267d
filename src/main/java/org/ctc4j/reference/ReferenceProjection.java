package org.ctc4j.reference;

import java.util.Arrays;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcStatus;
import org.ctc4j.Elements;
import org.ctc4j.FrameTensor;
import org.ctc4j.ProjectedBatch;
import org.ctc4j.Projection;
import org.ctc4j.Targets;
import org.ctc4j.host.Parallel;

/**
 * Projection and CTC one after the other, as they are written down: all logits x = H Wᵀ + b, CTC on
 * them, G = dx, and then dH = G W, dW = Gᵀ H, db = Σ G. Everything is held in float64. Stateless
 * and thread-safe.
 */
public final class ReferenceProjection {
  private final int threads;

  public ReferenceProjection(int threads) {
    this.threads = threads;
  }

  /**
   * @param weights factor of each utterance's loss in the gradients
   * @param losses output, +Infinity where infeasible
   * @param statuses output
   * @param hiddenGradient output, (T, N, D), or null
   * @param weightGradient output, (C, D), or null
   * @param biasGradient output, (C), or null
   */
  public void run(
      ProjectedBatch batch,
      CtcOptions options,
      double[] weights,
      double[] losses,
      CtcStatus[] statuses,
      FrameTensor hiddenGradient,
      Elements weightGradient,
      Elements biasGradient) {
    int classes = batch.projection().classes();
    int dimensions = batch.projection().dimensions();
    boolean wantsGradient =
        hiddenGradient != null || weightGradient != null || biasGradient != null;
    double[][][] hidden = new double[batch.utterances()][][]; // [n][t][d]
    double[][][] gradient = new double[batch.utterances()][][]; // [n][t][c], of the logits
    Parallel.forEach(
        batch.utterances(),
        threads,
        n -> {
          hidden[n] = hidden(batch, n);
          ReferenceUtterance utterance = utterance(batch, n, options, hidden[n]);
          losses[n] = utterance.loss();
          statuses[n] = utterance.status();
          boolean counts = statuses[n] == CtcStatus.OK && weights[n] != 0;
          gradient[n] = wantsGradient && counts ? utterance.gradient(true) : new double[0][];
          scale(gradient[n], weights[n]);
        });
    if (hiddenGradient != null) {
      Parallel.forEach(
          batch.utterances(),
          threads,
          n -> writeHiddenGradient(batch.projection(), gradient[n], hiddenGradient, n));
    }
    if (weightGradient != null || biasGradient != null) {
      Parallel.forEach(
          classes,
          threads,
          c -> writeClassGradient(c, dimensions, hidden, gradient, weightGradient, biasGradient));
    }
  }

  /** The hidden states of the used frames. */
  private static double[][] hidden(ProjectedBatch batch, int n) {
    double[][] hidden = new double[batch.inputLength(n)][batch.projection().dimensions()];
    for (int t = 0; t < hidden.length; t++) {
      for (int d = 0; d < hidden[t].length; d++) {
        hidden[t][d] = batch.hidden().get(t, n, d);
      }
    }
    return hidden;
  }

  private static ReferenceUtterance utterance(
      ProjectedBatch batch, int n, CtcOptions options, double[][] hidden) {
    Projection projection = batch.projection();
    int classes = projection.classes();
    Elements[] rows = new Elements[Math.max(1, hidden.length)];
    Arrays.fill(rows, Elements.of(new double[0]));
    for (int t = 0; t < hidden.length; t++) {
      rows[t] = Elements.of(logits(projection, hidden[t]));
    }
    FrameTensor logits =
        FrameTensor.timeMajor(Elements.concatenation(rows), hidden.length, 1, classes);
    int[] target = new int[batch.targets().length(n)];
    batch.targets().copyTo(n, target);
    return ReferenceUtterance.of(CtcBatch.of(logits, Targets.of(target)), 0, options);
  }

  /** Of a hidden state that is not finite, all are NaN. */
  private static double[] logits(Projection projection, double[] hidden) {
    double[] logits = new double[projection.classes()];
    boolean finite = Arrays.stream(hidden).allMatch(Double::isFinite);
    for (int c = 0; c < logits.length; c++) {
      double sum = projection.bias() == null ? 0 : projection.bias().get(c);
      long row = (long) c * hidden.length;
      for (int d = 0; d < hidden.length; d++) {
        sum += hidden[d] * projection.weight().get(row + d);
      }
      logits[c] = finite ? sum : Double.NaN;
    }
    return logits;
  }

  private static void scale(double[][] gradient, double weight) {
    for (double[] row : gradient) {
      for (int c = 0; c < row.length; c++) {
        row[c] *= weight;
      }
    }
  }

  private static void writeHiddenGradient(
      Projection projection, double[][] gradient, FrameTensor out, int n) {
    int dimensions = projection.dimensions();
    for (int t = 0; t < out.frames(n); t++) {
      double[] sums = new double[dimensions];
      for (int c = 0; t < gradient.length && c < projection.classes(); c++) {
        long row = (long) c * dimensions;
        for (int d = 0; d < dimensions; d++) {
          sums[d] += gradient[t][c] * projection.weight().get(row + d);
        }
      }
      for (int d = 0; d < dimensions; d++) {
        out.set(t, n, d, sums[d]);
      }
    }
  }

  /** One row of dW and one element of db: sums over all frames of all utterances, in order. */
  private static void writeClassGradient(
      int c,
      int dimensions,
      double[][][] hidden,
      double[][][] gradient,
      Elements weightGradient,
      Elements biasGradient) {
    double[] sums = new double[dimensions];
    double sum = 0;
    for (int n = 0; n < gradient.length; n++) {
      for (int t = 0; t < gradient[n].length; t++) {
        double g = gradient[n][t][c];
        for (int d = 0; d < dimensions; d++) {
          sums[d] += g * hidden[n][t][d];
        }
        sum += g;
      }
    }
    for (int d = 0; weightGradient != null && d < dimensions; d++) {
      weightGradient.set((long) c * dimensions + d, sums[d]);
    }
    if (biasGradient != null) {
      biasGradient.set(c, sum);
    }
  }
}
