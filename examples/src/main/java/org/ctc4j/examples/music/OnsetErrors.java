package org.ctc4j.examples.music;

import java.util.Arrays;
import java.util.List;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcPath;
import org.ctc4j.FrameTensor;
import org.ctc4j.LabelSpan;
import org.ctc4j.Targets;

/**
 * When an alignment has notes begin, less when they began, in milliseconds: above 0 is late.
 * Immutable.
 */
final class OnsetErrors {
  private final double[] sorted;

  private OnsetErrors(double[] errors) {
    sorted = errors.clone();
    Arrays.sort(sorted);
  }

  /** Of one path's notes, one an onset. */
  static double[] of(CtcPath path, double[] onsets) {
    List<LabelSpan> spans = path.spans();
    double[] errors = new double[onsets.length];
    for (int i = 0; i < errors.length; i++) {
      errors[i] = 1000 * (spans.get(i).startSeconds(Performance.FRAME_SHIFT) - onsets[i]);
    }
    return errors;
  }

  static OnsetErrors of(double[] errors) {
    if (errors.length == 0) {
      throw new IllegalArgumentException("expected one or more notes, got none");
    }
    return new OnsetErrors(errors);
  }

  /** Logits (1, T, C) and the notes that were played. */
  static CtcBatch batch(float[] logits, int[] labels) {
    int frames = logits.length / Performance.CLASSES;
    return CtcBatch.of(
        FrameTensor.batchMajor(logits, frames, 1, Performance.CLASSES),
        Targets.of(new int[][] {labels}));
  }

  /** How late the notes are for the most part. */
  double median() {
    return quantile(sorted, 0.5);
  }

  /** How far from the right time the notes are on average. */
  double mean() {
    return Arrays.stream(sorted).map(Math::abs).average().orElseThrow();
  }

  /** How far from the right time so great a share of the notes is at most. */
  double within(double share) {
    double[] distances = Arrays.stream(sorted).map(Math::abs).sorted().toArray();
    return quantile(distances, share);
  }

  private static double quantile(double[] sorted, double share) {
    return sorted[(int) Math.min(Math.floor(share * sorted.length), sorted.length - 1)];
  }
}
