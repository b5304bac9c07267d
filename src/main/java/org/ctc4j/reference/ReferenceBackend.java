package org.ctc4j.reference;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcStatus;
import org.ctc4j.FrameTensor;
import org.ctc4j.host.Posteriors;

/**
 * One utterance after another through {@link ReferenceUtterance}, on a fixed number of threads.
 * Thread-safe.
 */
public final class ReferenceBackend implements AutoCloseable {
  private final ExecutorService pool;

  public ReferenceBackend(int threads) {
    pool =
        Executors.newFixedThreadPool(
            threads,
            task -> {
              Thread thread = new Thread(task, "ctc4j-reference");
              thread.setDaemon(true);
              return thread;
            });
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
    List<Callable<Void>> tasks = new ArrayList<>();
    for (int i = 0; i < batch.utterances(); i++) {
      int n = i;
      tasks.add(
          () -> {
            ReferenceUtterance utterance = ReferenceUtterance.of(batch, n, options);
            losses[n] = utterance.loss();
            statuses[n] = utterance.status();
            if (gradient != null) {
              writeGradient(utterance, options, weights[n], gradient, n);
            }
            if (posteriors.wanted()) {
              writePosteriors(utterance, posteriors, n);
            }
            return null;
          });
    }
    try {
      for (Future<Void> done : pool.invokeAll(tasks)) {
        done.get();
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof OutOfMemoryError) {
        throw (OutOfMemoryError) e.getCause();
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for the losses", e);
    }
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

  @Override
  public void close() {
    pool.shutdown();
  }
}
