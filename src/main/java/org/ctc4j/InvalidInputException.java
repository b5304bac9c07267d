package org.ctc4j;

/**
 * Input that was refused before any work was done on it. The message names the argument, the
 * utterance where there is one, the value that came and what was expected.
 */
public class InvalidInputException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  public InvalidInputException(String message) {
    super(message);
  }
}
