package org.ctc4j;

/**
 * Input that was refused before any work was done on it. The message names the argument, the
 * utterance where there is one, the value that came and what was expected. Only what a {@link
 * BeamScorer} answers comes later, and is refused when it comes.
 */
public class InvalidInputException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  public InvalidInputException(String message) {
    super(message);
  }
}
