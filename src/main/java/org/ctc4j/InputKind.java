package org.ctc4j;

/** What the input numbers are. */
public enum InputKind {
  /**
   * Activations before log-softmax: p(t, c) = exp(x(t, c)) / Σ<sub>k</sub> exp(x(t, k)). Each frame
   * is normalised here.
   */
  LOGITS,
  /**
   * Log-probabilities, natural logarithm: p(t, c) = exp(x(t, c)).
   *
   * <p>What cannot be that is refused with {@link InvalidInputException} before any work: in a used
   * frame a number above 0 by more than rounding explains (10<sup>−5</sup>, of 16-bit types
   * 10<sup>−3</sup>), or probabilities whose sum is not within 5 % of 1, as it is after rounding to
   * 16 bits and with unlikely classes left out. A frame with NaN or +Infinity makes its utterance
   * {@link CtcStatus#NOT_FINITE}, one of nothing but −Infinity {@link CtcStatus#INFEASIBLE}.
   * Utterances are looked at whether or not their targets fit. In a {@link DeviceBatch} nothing is
   * refused: such an utterance has the status {@link DeviceResult#BAD_LOG_PROBS}.
   *
   * <p>Sums that rounding alone has taken from 1 are made up for where the loss is next to 0, so
   * that rounding never takes it below.
   */
  LOG_PROBS,
  /**
   * Probabilities themselves, as a softmax gives them: p(t, c) = x(t, c).
   *
   * <p>What comes out is what {@link #LOG_PROBS} gives of ln p, but for the gradient: by default it
   * is with respect to the probabilities, see {@link GradientKind#INPUT}. A probability of 0 is
   * legal: no path goes through that class, as with a log-probability of −Infinity, and where no
   * path is left the utterance is {@link CtcStatus#INFEASIBLE}. A frame of nothing but 0, too,
   * makes its utterance so.
   *
   * <p>Refused with {@link InvalidInputException} before any work is, in a used frame, a number
   * below 0 or above 1 by more than rounding explains (10<sup>−5</sup>, of 16-bit types
   * 10<sup>−2</sup>; one below 0 by less counts as 0), or a sum that is not within 5 % of 1. NaN
   * and +Infinity are as for {@link #LOG_PROBS}, and so are sums that rounding has taken from 1,
   * and what becomes of all this in a {@link DeviceBatch}.
   */
  PROBABILITIES,
  /**
   * Scores: natural logarithms of weights that need not sum to 1, taken as they are. The loss is
   * −ln Σ<sub>paths</sub> Π<sub>t</sub> exp(x(t, path<sub>t</sub>)), below 0 where that sum is
   * above 1, and what is called p(t, c) elsewhere is exp(x(t, c)), above 1 where x is above 0.
   * Posteriors are normalised, and sum to 1 over the states of each frame, all the same.
   *
   * <p>NaN, infinities and what counts as impossible are as for {@link #LOG_PROBS}; nothing else is
   * refused.
   */
  SCORES
}
