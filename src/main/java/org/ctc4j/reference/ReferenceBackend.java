package org.ctc4j.reference;

import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcStatus;
import org.ctc4j.FrameTensor;
import org.ctc4j.host.Parallel;
import org.ctc4j.host.Posteriors;

/**
 * One utterance after another through {@link ReferenceUtterance}, on threads that live as long as
 * one call. Thread-safe.
 */
public final class ReferenceBackend {
  private final int threads;

  public ReferenceBackend(int threads) {
    this.threads = threads;
  }

  /**
   * @param weights factor of each utterance's loss in the gradient
   * @param losses output, +Infinity where infeasible
   * @param statuses output
   * @param gradient output of the shape of the logits, or null
   * @param posteriors outputs, as far as they are asked for
   */
  public void run(
      CtcBatch batch,
      CtcOptions options,
      double[] weights,
      double[] losses,
      CtcStatus[] statuses,
      FrameTensor gradient,
      Posteriors posteriors) {
    Parallel.forEach(
        batch.utterances(),
        threads,
        n -> {
          ReferenceUtterance utterance = ReferenceUtterance.of(batch, n, options);
          losses[n] = utterance.loss();
          statuses[n] = utterance.status();
          if (gradient != null) {
            writeGradient(utterance, options, weights[n], gradient, n);
          }
          if (posteriors.wanted()) {
            writePosteriors(utterance, posteriors, n);
          }
        });
  }

  private static void writeGradient(
      ReferenceUtterance utterance, CtcOptions options, double weight, FrameTensor out, int n) {
    double[][] gradient = utterance.gradient(options.gradientHasSoftmaxTerm());
    for (int t = 0; t < out.frames(n); t++) {
      for (int c = 0; c < out.classes(); c++) {
        boolean used = t < gradient.length && weight != 0;
        out.set(t, n, c, used ? weight * gradient[t][c] : 0);
      }
    }
  }

  private static void writePosteriors(ReferenceUtterance utterance, Posteriors posteriors, int n) {
    double[][] gamma = utterance.posteriors();
    if (posteriors.ofStates() != null) {
      write(gamma, posteriors.ofStates(), n);
    }
    if (posteriors.ofClasses() != null) {
      write(utterance.byClass(gamma), posteriors.ofClasses(), n);
    }
  }

  /** Zeros where {@code values} has no frame or column. */
  private static void write(double[][] values, FrameTensor out, int n) {
    for (int t = 0; t < out.frames(n); t++) {
      for (int c = 0; c < out.classes(); c++) {
        boolean used = t < values.length && c < values[t].length;
        out.set(t, n, c, used ? values[t][c] : 0);
      }
    }
  }
}
