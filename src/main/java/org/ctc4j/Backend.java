package org.ctc4j;

import java.util.Locale;

/** Where the computation runs. */
public enum Backend {
  /** Hand-written kernels on an NVIDIA GPU. */
  CUDA,
  /** Multithreaded pure Java, vectorised where the JVM allows it. */
  CPU,
  /**
   * The textbook recursions in float64 and the log domain: slow, clear, the oracle of the others.
   */
  REFERENCE;

  /** The name as the command line spells it: lower case. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
