package org.ctc4j.cli;

import org.ctc4j.InvalidInputException;

/**
 * The shape of a file's logits or hidden states.
 *
 * @param sizes three dimensions in the order of the layout, or (T, C) of one utterance
 */
record FrameShape(int[] sizes, Layout layout) {
  int frames() {
    return layout.frames(sizes);
  }

  int utterances() {
    return layout.utterances(sizes);
  }

  /** Refuses an array {@code name} that is not of one number an utterance. */
  void requireOneEach(String name, int count) {
    if (count != utterances()) {
      throw new InvalidInputException(
          "%s: expected %d, one for each utterance of the logits, got %d%s"
              .formatted(name, utterances(), count, hintIfSwapped(count)));
    }
  }

  /** What helps where so many utterances are what the other axis has. */
  String hintIfSwapped(long count) {
    boolean hasBoth = sizes.length == 3;
    return hasBoth && count == frames()
        ? "; that is what it would be with --layout " + layout.other()
        : "";
  }
}
