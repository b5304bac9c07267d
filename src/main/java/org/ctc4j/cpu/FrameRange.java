package org.ctc4j.cpu;

import java.util.List;

/**
 * Some frames of one utterance, which are multiplied as one matrix. They depend on the number of
 * frames of that utterance alone: so the bits of its logits don't depend on what else is in the
 * batch, though those of a product do depend on the place of a row in its matrix.
 *
 * @param utterance n
 * @param from the first frame
 * @param rows how many
 * @param at the first frame's place among those of the group
 */
record FrameRange(int utterance, int from, int rows, int at) {
  /** Adds those of an utterance, of about equal length. */
  static void cut(int utterance, int frames, int longest, int at, List<FrameRange> into) {
    int count = (frames + longest - 1) / longest;
    for (int i = 0; i < count; i++) {
      int from = (int) ((long) frames * i / count);
      int to = (int) ((long) frames * (i + 1) / count);
      into.add(new FrameRange(utterance, from, to - from, at + from));
    }
  }
}
