package org.ctc4j.cuda.kernels;

import org.ctc4j.BeamOptions;
import org.ctc4j.DeviceFrames;
import org.ctc4j.InvalidInputException;
import org.ctc4j.cuda.driver.DeviceLayout;

/**
 * The sizes of a beam search, and how the device memory that it works in is cut. All offsets are in
 * bytes.
 */
public final class BeamWorkspace {
  private static final int MOST_PREFIXES = 128;
  private static final int MOST_CLASSES = 128;

  // the host starts its greedy output anew after so many frames
  private static final int KEPT_NUMBERS = 1 << 18;
  private static final int LEAST_FRAMES = 256;
  private static final int MOST_FRAMES = 4096;

  private static final int NODE_BYTES = 16;
  private static final int LEAST_BUCKETS = 64;

  final int width; // W
  final int classes; // M
  final int buckets; // a power of 2
  final long norms;
  final long greedyLabels;
  final long greedyLengths;
  final long greedyStatuses;
  final long classCounts;
  final long classIndexes;
  final long logProbs;
  final long nodes;
  final long heads;
  final long headBytes;
  final long sums;
  final long bestLabels;
  final long rows;
  private final long bytes;

  /**
   * @param frames T
   * @param allClasses C
   * @param scores whether a scorer adds to prefixes
   * @throws InvalidInputException if the kernels cannot take such a search
   */
  public BeamWorkspace(
      int frames, int utterances, int allClasses, BeamOptions beam, boolean scores) {
    width = beam.beamWidth();
    classes = Math.min(allClasses, beam.topClasses());
    requireAtMost("beam width", MOST_PREFIXES, width, "a thread of one block is for each prefix");
    requireAtMost(
        "top classes", MOST_CLASSES, classes, "those of a frame are in the memory of one block");
    int mostFrames = Math.max(LEAST_FRAMES, Math.min(KEPT_NUMBERS / classes, MOST_FRAMES));
    requireAtMost(
        "frames",
        mostFrames,
        frames,
        "an utterance is weighed as a whole; CtcDecoder takes longer ones");
    buckets = Math.max(LEAST_BUCKETS, Integer.highestOneBit(Math.max(1, frames * width)));
    long n = utterances;
    long all = n * frames;
    DeviceLayout layout = new DeviceLayout();
    norms = layout.next(FramesArguments.NORM_BYTES * all);
    greedyLabels = layout.next(4 * all);
    greedyLengths = layout.next(4 * n);
    greedyStatuses = layout.next(4 * n);
    classCounts = layout.next(4 * all);
    classIndexes = layout.next(4 * all * classes);
    logProbs = layout.next(8 * all * classes);
    nodes = layout.next(NODE_BYTES * n * (1 + (long) frames * (width + 1)));
    headBytes = 4 * n * buckets;
    heads = layout.next(headBytes);
    sums = layout.next(8 * n * 2 * (2L * frames + 1));
    bestLabels = layout.next(4 * all);
    rows = layout.next(scores ? 8 * n * classes * width : 0);
    bytes = Math.max(DeviceLayout.ALIGNMENT, layout.bytes());
  }

  static BeamWorkspace of(DeviceFrames frames, BeamOptions beam, boolean scores) {
    return new BeamWorkspace(frames.frames(), frames.utterances(), frames.classes(), beam, scores);
  }

  private static void requireAtMost(String what, int most, int got, String reason) {
    if (got > most) {
      throw new InvalidInputException(
          "%s: expected at most %d on a GPU, where %s, got %d".formatted(what, most, reason, got));
    }
  }

  /** In all. */
  public long bytes() {
    return bytes;
  }
}
