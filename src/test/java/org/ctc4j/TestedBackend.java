package org.ctc4j;

/** A backend that a {@link CtcContract} is asked of, and how exact it promises to be. */
public interface TestedBackend {
  /** A new engine; fails if another implementation would be picked. */
  Ctc engine(EngineOptions options);

  /** Promised relative error of a loss. */
  double lossTolerance();

  /** Promised error of a gradient, as a norm ratio. */
  double gradientTolerance();

  /** How many frames "many" are; fewer than 10^6 only where that would take minutes. */
  default int manyFrames() {
    return 1_000_000;
  }

  /**
   * Whether a case of the table is as certain as the backend's digits go, and does not take minutes
   * with logits of this type.
   */
  default boolean isPromised(NearlyCertainCase one, ElementType type) {
    return true;
  }

  /**
   * Of batches alike in all but how certain they are, which a test computes: all, and the middle
   * one alone only where so many frames and labels take seconds each.
   */
  default double[] certainties(int frames, int labels, double... all) {
    return all;
  }

  /** How many of so many random draws a test makes; fewer only where that would take minutes. */
  default int draws(int all) {
    return all;
  }
}
