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
import org.ctc4j.engine.ProjectedCall;
import org.ctc4j.engine.ProjectedPlaces;
import org.ctc4j.host.Workers;

/**
 * Projection and CTC one after the other, as they are written down: all logits x = H Wᵀ + b, CTC on
 * them, G = dx, and then dH = G W, dW = Gᵀ H, db = Σ G. Everything is held in float64. Stateless
 * and thread-safe.
 */
public final class ReferenceProjection {
  private final Workers workers;

  public ReferenceProjection(Workers workers) {
    this.workers = workers;
  }

  /** Fills all places of a call. */
  public void computeLosses(ProjectedCall call) {
    ProjectedBatch batch = call.batch();
    ProjectedPlaces places = call.places();
    int utterances = batch.utterances();
    int dimensions = batch.projection().dimensions();
    double[][][] hidden = new double[utterances][][]; // [n][t][d]
    double[][][] gradient = new double[utterances][][]; // [n][t][c], of the logits
    workers.forEach(
        utterances,
        n -> {
          hidden[n] = hidden(batch, n);
          ReferenceUtterance utterance = utterance(batch, n, call.options(), hidden[n]);
          places.set(n, utterance.loss(), utterance.status());
          boolean counts = utterance.status() == CtcStatus.OK && call.weights()[n] != 0;
          boolean wanted = counts && places.wantsGradient();
          gradient[n] = wanted ? utterance.gradient(true) : new double[0][];
          scale(gradient[n], call.weights()[n]);
        });
    if (places.hiddenGradient() != null) {
      workers.forEach(
          utterances,
          n -> writeHiddenGradient(batch.projection(), gradient[n], places.hiddenGradient(), n));
    }
    if (places.weightGradient() != null || places.biasGradient() != null) {
      workers.forEach(
          batch.projection().classes(),
          c -> writeClassGradient(c, dimensions, hidden, gradient, places));
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
      int c, int dimensions, double[][][] hidden, double[][][] gradient, ProjectedPlaces places) {
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
    for (int d = 0; places.weightGradient() != null && d < dimensions; d++) {
      places.weightGradient().set((long) c * dimensions + d, sums[d]);
    }
    if (places.biasGradient() != null) {
      places.biasGradient().set(c, sum);
    }
  }
}
