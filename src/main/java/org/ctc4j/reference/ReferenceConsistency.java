package org.ctc4j.reference;

import org.ctc4j.ConsistencyGradient;
import org.ctc4j.CtcStatus;
import org.ctc4j.FrameTensor;
import org.ctc4j.engine.ConsistencyCall;
import org.ctc4j.host.Workers;

/**
 * The symmetric divergence of two views as it is written down, {@link org.ctc4j.ConsistencyBatch}:
 * two logarithms of a softmax, two divergences, float64. Stateless and thread-safe.
 */
public final class ReferenceConsistency {
  private final Workers workers;

  public ReferenceConsistency(Workers workers) {
    this.workers = workers;
  }

  /** Fills all places of a call. */
  public void compute(ConsistencyCall call) {
    workers.forEach(call.batch().utterances(), n -> compute(call, n));
  }

  private static void compute(ConsistencyCall call, int n) {
    int frames = call.batch().inputLength(n);
    double[][] p = new double[frames][]; // ln p
    double[][] q = new double[frames][]; // ln q
    double sum = 0;
    for (int t = 0; t < frames; t++) {
      p[t] = logSoftmax(call.batch().first(), t, n);
      q[t] = logSoftmax(call.batch().second(), t, n);
      sum += (divergence(q[t], p[t]) + divergence(p[t], q[t])) / 2;
    }
    call.set(n, sum);
    writeGradient(call, n, p, q, call.firstGradient());
    writeGradient(call, n, q, p, call.secondGradient());
  }

  /** ln softmax of a frame, finite or −Infinity; NaN if it has none. */
  private static double[] logSoftmax(FrameTensor logits, int t, int n) {
    double[] row = new double[logits.classes()];
    boolean finite = true;
    for (int c = 0; c < row.length; c++) {
      row[c] = logits.get(t, n, c);
      finite &= row[c] < Double.POSITIVE_INFINITY; // false for NaN
    }
    double logSum = finite ? LogMath.sum(row) : Double.NaN;
    for (int c = 0; c < row.length; c++) {
      boolean possible = row[c] - logSum >= -ReferenceUtterance.IMPOSSIBLE_NATS;
      row[c] = possible ? row[c] - logSum : finite ? LogMath.LOG_ZERO : Double.NaN;
    }
    return row;
  }

  /** KL(p ‖ q) = Σ p (ln p − ln q) ≥ 0; +Infinity where p is no distribution. */
  private static double divergence(double[] logP, double[] logQ) {
    double sum = 0;
    boolean any = false;
    for (int c = 0; c < logP.length; c++) {
      if (logP[c] != LogMath.LOG_ZERO) {
        any = true;
        sum += Math.exp(logP[c]) * (logP[c] - logQ[c]);
      }
    }
    return any ? sum : Double.POSITIVE_INFINITY;
  }

  /** That of the view p. */
  private static void writeGradient(
      ConsistencyCall call, int n, double[][] p, double[][] q, FrameTensor out) {
    double weight = call.statuses()[n] == CtcStatus.OK ? call.batch().weight(n) : 0;
    for (int t = 0; out != null && t < out.frames(n); t++) {
      boolean used = t < p.length && weight != 0;
      double divergence = used ? divergence(p[t], q[t]) : 0;
      for (int c = 0; c < out.classes(); c++) {
        double value = used ? Math.exp(p[t][c]) - Math.exp(q[t][c]) : 0;
        if (used && call.kind() == ConsistencyGradient.FULL && p[t][c] != LogMath.LOG_ZERO) {
          value += Math.exp(p[t][c]) * (p[t][c] - q[t][c] - divergence);
        }
        out.set(t, n, c, weight * value / 2);
      }
    }
  }
}
