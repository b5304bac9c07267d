package org.ctc4j.reference;

import org.ctc4j.CtcStatus;

/** What is computed of one utterance. */
interface LossOfUtterance {
  /** In nats; NaN if the input is not finite. */
  double loss();

  CtcStatus status();

  /** Of states, shape (T, S). All 0 unless the status is {@link CtcStatus#OK}. */
  double[][] posteriors();

  /** Of classes, shape (T, C), from those of states. */
  double[][] byClass(double[][] posteriors);

  /** Shape (T, C): p − posterior, or −posterior. All 0 unless the status is OK. */
  double[][] gradient(boolean softmaxTerm);

  /** Shape (T, C): −posterior / p, and 0 where p is 0. */
  double[][] gradientPerProbability();
}
