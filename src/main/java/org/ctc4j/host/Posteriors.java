package org.ctc4j.host;

import org.ctc4j.FrameTensor;

/**
 * Where posteriors go.
 *
 * @param ofClasses shape (T, N, C), or null if they are not asked for
 * @param ofStates shape (T, N, 2 Lmax + 1), or null if they are not asked for
 */
public record Posteriors(FrameTensor ofClasses, FrameTensor ofStates) {
  /** None are asked for. */
  public static final Posteriors NONE = new Posteriors(null, null);

  public boolean wanted() {
    return ofClasses != null || ofStates != null;
  }
}
