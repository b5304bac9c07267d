package org.ctc4j.reference;

import org.ctc4j.CtcOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.engine.LossCall;
import org.ctc4j.engine.LossPlaces;
import org.ctc4j.host.Workers;

/**
 * One utterance after another through {@link ReferenceUtterance} or {@link WildcardUtterance}, on
 * threads that live as long as one call. Thread-safe.
 */
public final class ReferenceBackend {
  private final Workers workers;

  public ReferenceBackend(Workers workers) {
    this.workers = workers;
  }

  /** Fills all places of a call. */
  public void computeLosses(LossCall call) {
    CtcOptions options = call.options();
    LossPlaces places = call.places();
    workers.forEach(
        call.batch().utterances(),
        n -> {
          LossOfUtterance utterance =
              call.batch().targets().hasWildcards(n)
                  ? WildcardUtterance.of(call.batch(), n, options)
                  : ReferenceUtterance.of(call.batch(), n, options);
          places.set(n, utterance.loss(), utterance.status());
          if (places.gradient() != null) {
            double[][] gradient =
                options.gradientIsPerProbability()
                    ? utterance.gradientPerProbability()
                    : utterance.gradient(options.gradientHasSoftmaxTerm());
            writeGradient(gradient, call.weights()[n], places.gradient(), n);
          }
          if (places.wantsPosteriors()) {
            writePosteriors(utterance, places, n);
          }
        });
  }

  private static void writeGradient(double[][] gradient, double weight, FrameTensor out, int n) {
    for (int t = 0; t < out.frames(n); t++) {
      for (int c = 0; c < out.classes(); c++) {
        boolean used = t < gradient.length && weight != 0;
        out.set(t, n, c, used ? weight * gradient[t][c] : 0);
      }
    }
  }

  private static void writePosteriors(LossOfUtterance utterance, LossPlaces places, int n) {
    double[][] ofStates = utterance.posteriors();
    if (places.statePosteriors() != null) {
      write(ofStates, places.statePosteriors(), n);
    }
    if (places.posteriors() != null) {
      write(utterance.byClass(ofStates), places.posteriors(), n);
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
