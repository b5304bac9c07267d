package org.ctc4j;

/**
 * How far apart the neighbours of a (T, N, C) tensor are, in elements: the element of frame t,
 * utterance n and class c has index {@code offset + t * frame + n * utterance + c * ofClass}.
 *
 * @param frame from a frame of an utterance to its next, ≥ 0; 0 repeats
 * @param utterance from an utterance to the next, ≥ 0; 0 repeats
 * @param ofClass from a class of a frame to the next, ≥ 0; 0 repeats
 */
public record Strides(long frame, long utterance, long ofClass) {

  /**
   * @throws InvalidInputException if one is negative
   */
  public Strides {
    requireNoneNegative(frame, utterance, ofClass);
  }

  static void requireNoneNegative(long frame, long utterance, long ofClass) {
    if (frame < 0 || utterance < 0 || ofClass < 0) {
      throw new InvalidInputException(
          "strides must be 0 or more, got (T, N, C) = (%d, %d, %d)"
              .formatted(frame, utterance, ofClass));
    }
  }
}
