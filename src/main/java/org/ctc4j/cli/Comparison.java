package org.ctc4j.cli;

import java.util.ArrayList;
import java.util.List;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcResult;
import org.ctc4j.CtcStatus;
import org.ctc4j.ElementType;
import org.ctc4j.FrameTensor;

/** One backend's result against the reference's, utterance by utterance. */
final class Comparison {
  /** Where an utterance's gradient differs most. */
  record Place(int frame, int utterance, int label, double difference) {}

  /**
   * How a gradient differs from the reference's. Numbers that differ by less than the smallest one
   * of the gradient's type do not differ: it cannot come closer.
   *
   * @param error ‖gradient − reference‖ / ‖reference‖
   * @param worst where it differs most; null if nowhere
   */
  record Difference(double error, Place worst) {}

  /**
   * One utterance.
   *
   * @param reference its loss by the reference
   */
  record Row(
      int utterance,
      double reference,
      double loss,
      Difference gradient,
      CtcStatus referenceStatus,
      CtcStatus status) {

    /**
     * |loss − reference| / |reference|; 0 where both are the same infinity or NaN, +Infinity where
     * only one is finite, or the reference alone is 0.
     */
    double lossError() {
      if (Double.compare(reference, loss) == 0) {
        return 0;
      }
      double error = Math.abs(loss - reference) / Math.abs(reference); // however small they are
      return Double.isFinite(error) ? error : Double.POSITIVE_INFINITY;
    }
  }

  private final String backend;
  private final String device;
  private final List<Row> rows = new ArrayList<>();
  private final double gradientError;

  Comparison(Ctc ctc, CtcBatch batch, CtcResult reference, CtcResult got) {
    backend = ctc.backend().toString();
    device = ctc.device();
    double error = 0;
    double norm = 0;
    for (int n = 0; n < batch.utterances(); n++) {
      GradientError of = new GradientError(reference.gradient(), got.gradient(), n);
      error = Math.hypot(error, of.error);
      norm = Math.hypot(norm, of.norm);
      rows.add(
          new Row(
              n,
              reference.loss(n),
              got.loss(n),
              new Difference(ratio(of.error, of.norm), of.worst),
              reference.status(n),
              got.status(n)));
    }
    gradientError = ratio(error, norm);
  }

  String backend() {
    return backend;
  }

  String device() {
    return device;
  }

  List<Row> rows() {
    return rows;
  }

  /** ‖gradient − reference‖ / ‖reference‖ of the whole batch. */
  double gradientError() {
    return gradientError;
  }

  /** The largest of all utterances. */
  double lossError() {
    return rows.stream().mapToDouble(Row::lossError).max().orElse(0);
  }

  boolean statusesAgree() {
    return rows.stream().allMatch(row -> row.status() == row.referenceStatus());
  }

  /** Statuses agree, no loss and not the gradient of the batch is off by more than this. */
  boolean passes(double tolerance) {
    return statusesAgree() && lossError() <= tolerance && gradientError <= tolerance;
  }

  private static double ratio(double error, double norm) {
    if (error == 0) {
      return 0;
    }
    double ratio = error / norm;
    return Double.isNaN(ratio) ? Double.POSITIVE_INFINITY : ratio;
  }

  /** Norms over one utterance; squares of what is next to 0 would be 0. */
  private static final class GradientError {
    private double error;
    private double norm;
    private Place worst;

    GradientError(FrameTensor reference, FrameTensor got, int n) {
      boolean isDouble = got.elements().type() == ElementType.FLOAT64;
      double smallest = isDouble ? Double.MIN_VALUE : Float.MIN_VALUE;
      double largest = 0;
      for (int t = 0; t < reference.frames(n); t++) {
        for (int c = 0; c < reference.classes(); c++) {
          double expected = reference.get(t, n, c);
          double value = got.get(t, n, c);
          boolean isClose = value == expected || Math.abs(value - expected) < smallest;
          double difference = isClose ? 0 : value - expected; // of infinities, too
          error = Math.hypot(error, difference);
          norm = Math.hypot(norm, expected);
          if (!(Math.abs(difference) <= largest)) {
            largest = Math.abs(difference);
            worst = new Place(t, n, c, difference);
          }
        }
      }
    }
  }
}
