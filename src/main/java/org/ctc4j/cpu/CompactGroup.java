package org.ctc4j.cpu;

import java.util.ArrayList;
import java.util.List;
import org.ctc4j.ProjectedBatch;
import org.ctc4j.projection.CompactTarget;

/**
 * Some utterances of a projected batch whose compact logits are held at the same time. Their used
 * frames are counted through the group.
 */
final class CompactGroup {
  final int first;
  final List<FrameRange> ranges = new ArrayList<>();
  private final List<CompactUtterance> utterances = new ArrayList<>();
  private int frames;

  /**
   * As many utterances as the sizes allow, at least one.
   *
   * @param start the first
   * @param wantsGradient whether there shall be room for one
   */
  CompactGroup(
      ProjectedBatch batch, int blank, int start, ProjectionTiling tiling, boolean wantsGradient) {
    first = start;
    long size = 0;
    for (int n = start; n < batch.utterances(); n++) {
      CompactTarget target = CompactTarget.of(batch.targets(), n, blank);
      size += (long) batch.inputLength(n) * CompactUtterance.width(target);
      if (n > start && size > tiling.group()) {
        break;
      }
      utterances.add(new CompactUtterance(target, batch.inputLength(n), wantsGradient));
      FrameRange.cut(n, batch.inputLength(n), tiling.rangeFrames(), frames, ranges);
      frames = Math.addExact(frames, batch.inputLength(n));
    }
  }

  /** How many there are. */
  int size() {
    return utterances.size();
  }

  /** The utterance after the last. */
  int end() {
    return first + utterances.size();
  }

  /** How many frames all of them use. */
  int frames() {
    return frames;
  }

  /** Utterance n of the batch. */
  CompactUtterance utterance(int n) {
    return utterances.get(n - first);
  }
}
