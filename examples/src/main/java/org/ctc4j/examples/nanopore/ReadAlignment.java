package org.ctc4j.examples.nanopore;

import java.util.Arrays;
import java.util.List;
import org.ctc4j.Backend;
import org.ctc4j.CtcAligner;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcPath;
import org.ctc4j.FrameTensor;
import org.ctc4j.LabelSpan;
import org.ctc4j.Targets;

/**
 * Where the bases of a read are in its signal: all of them at once, by the best path.
 *
 * @param starts sample at which each base begins
 * @param seconds that the alignment took
 */
record ReadAlignment(int[] starts, double seconds) {
  /**
   * @param logits (T, 5) of the whole signal
   * @param bases 0 to 3
   */
  static ReadAlignment of(float[] logits, int[] bases) {
    int[] labels = Arrays.stream(bases).map(base -> base + 1).toArray();
    int frames = logits.length / BaseCaller.CLASSES;
    FrameTensor tensor = FrameTensor.timeMajor(logits, frames, 1, BaseCaller.CLASSES);
    long start = System.nanoTime();
    List<LabelSpan> spans;
    try (CtcAligner aligner = CtcAligner.create(Backend.CPU)) {
      CtcPath path = aligner.align(CtcBatch.of(tensor, Targets.of(labels))).get(0);
      spans = path.spans();
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    int[] starts =
        spans.stream().mapToInt(span -> span.start() * BaseCaller.SAMPLES_PER_FRAME).toArray();
    return new ReadAlignment(starts, seconds);
  }

  /**
   * How far bases are from where another has them.
   *
   * @param shift median of how many samples later they begin here
   * @param half no more than so many samples off that is half of them
   * @param most no more than so many samples off that are nine of ten
   */
  record Distance(double shift, double half, double most) {}

  /**
   * Of the bases from one that begins at a sample to the last; which sample of its event a base is
   * on is the model's choice, so the median is told apart.
   */
  Distance distance(int[] others, int fromSample) {
    int first = (int) Arrays.stream(others).filter(start -> start < fromSample).count();
    double[] later = new double[starts.length - first];
    for (int i = 0; i < later.length; i++) {
      later[i] = (double) starts[first + i] - others[first + i];
    }
    double shift = quantile(later, 0.5);
    double[] off = Arrays.stream(later).map(each -> Math.abs(each - shift)).toArray();
    return new Distance(shift, quantile(off, 0.5), quantile(off, 0.9));
  }

  private static double quantile(double[] values, double share) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[(int) (share * (sorted.length - 1))];
  }
}
