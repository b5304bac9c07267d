package org.ctc4j;

import java.io.Serial;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/**
 * One path through the frames of an utterance: the best of all (from {@link CtcDecoder#greedy}), or
 * the best that collapses to a target (from {@link CtcAligner}). Immutable, thread-safe,
 * serialisable.
 *
 * <p>States are numbered as in Graves et al. (ICML 2006): 0 … 2L, where state 2i + 1 is label i and
 * the even ones are the blanks before, between and after the labels.
 *
 * <p>Unless the status is {@link CtcStatus#OK} there is no path: no frames, no labels, no spans,
 * and the log-probability is −Infinity ({@link CtcStatus#INFEASIBLE}) or NaN ({@link
 * CtcStatus#NOT_FINITE}).
 */
public final class CtcPath implements Serializable {
  @Serial private static final long serialVersionUID = 1L;

  private final CtcStatus status;
  private final int blank;
  private final int[] states;
  private final int[] labels;
  private final double[] logProbabilities;
  private final double logProbability;
  private final transient List<LabelSpan> spans; // made anew where a path is read

  private CtcPath(
      CtcStatus status,
      int blank,
      int[] states,
      int[] labels,
      double[] logProbabilities,
      double logProbability) {
    this.status = status;
    this.blank = blank;
    this.states = states;
    this.labels = labels;
    this.logProbabilities = logProbabilities;
    this.logProbability = logProbability;
    this.spans = spans(states, labels, logProbabilities);
  }

  /** With its spans. */
  @Serial
  private Object readResolve() {
    return new CtcPath(status, blank, states, labels, logProbabilities, logProbability);
  }

  /**
   * @param states of the frames, (T)
   * @param labels what the path collapses to, (L)
   * @param logProbabilities of the frames, (T)
   */
  static CtcPath of(int blank, int[] states, int[] labels, double[] logProbabilities) {
    double sum = 0;
    for (double x : logProbabilities) {
      sum += x;
    }
    return new CtcPath(CtcStatus.OK, blank, states, labels, logProbabilities, sum);
  }

  /** For an utterance that has no path. */
  static CtcPath none(CtcStatus status) {
    double nothing = status == CtcStatus.INFEASIBLE ? Double.NEGATIVE_INFINITY : Double.NaN;
    return new CtcPath(status, 0, new int[0], new int[0], new double[0], nothing);
  }

  private static List<LabelSpan> spans(int[] states, int[] labels, double[] logProbabilities) {
    List<LabelSpan> spans = new ArrayList<>(labels.length);
    for (int t = 0; t < states.length; ) {
      int start = t;
      int end = endOfRun(states, start);
      double sum = 0;
      for (; t < end; t++) {
        sum += logProbabilities[t];
      }
      if (states[start] % 2 == 1) {
        spans.add(new LabelSpan(labels[states[start] / 2], start, t, sum));
      }
    }
    return Collections.unmodifiableList(spans);
  }

  /** Frame after the last of a state, to which a run of labels comes back from blanks. */
  private static int endOfRun(int[] states, int start) {
    int state = states[start];
    int end = start;
    for (int t = start; t < states.length && states[t] <= state + 1; t++) {
      end = states[t] == state ? t + 1 : end;
    }
    return end;
  }

  /** "OK: 27 labels in 92 frames, ln p = -0.31", or the status alone. */
  @Override
  public String toString() {
    return status == CtcStatus.OK
        ? "%s: %d labels in %d frames, ln p = %s"
            .formatted(status, spans.size(), states.length, logProbability)
        : status.toString();
  }

  /** Whether there is a path, and if not, why. */
  public CtcStatus status() {
    return status;
  }

  /** T, the number of frames that the utterance uses. */
  public int frames() {
    return states.length;
  }

  /** The state of frame t, in [0, 2L]: 2i + 1 on label i, even on a blank. */
  public int state(int t) {
    return states[t];
  }

  /** The class of frame t, the blank's on a blank; on a wildcard that, which is no class. */
  public int symbol(int t) {
    return states[t] % 2 == 0 ? blank : labels[states[t] / 2];
  }

  /**
   * ln p(t, {@link #symbol symbol(t)}), in nats; on a wildcard of all classes that it may take, its
   * penalty left out.
   */
  public double logProbability(int t) {
    return logProbabilities[t];
  }

  /** The path's log-probability, in nats: the sum of its frames', first to last. */
  public double logProbability() {
    return logProbability;
  }

  /**
   * How much less probable this path is than another of the same utterance in frames start … end −
   * 1: Σ ln p(t, {@link #symbol symbol(t)}) − Σ ln p(t, the other's), in nats. Beside the
   * {@linkplain CtcDecoder#greedy greedy} path, the most probable of all, it is 0 where the two
   * have the same symbols and less elsewhere, up to the rounding of a GPU, but above 0 on {@link
   * Wildcards}, which take several classes. Of a word from its first frame to its last it tells
   * best whether the word was said at all: a confidence is a mean over frames, in which the many
   * that fit hide the one that does not, and a model that is unsure of everything lowers it without
   * any other word being likelier.
   *
   * @throws InvalidInputException if the other path has another number of frames, or these are none
   *     of them
   */
  public double logRatio(CtcPath other, int start, int end) {
    if (other.frames() != frames()) {
      throw new InvalidInputException(
          "path: expected another of %d frames, got one of %d".formatted(frames(), other.frames()));
    }
    if (start < 0 || end < start || end > frames()) {
      throw new InvalidInputException(
          "frames: expected a range within [0, %d), got [%d, %d)".formatted(frames(), start, end));
    }
    double sum = 0;
    for (int t = start; t < end; t++) {
      sum += logProbabilities[t] - other.logProbabilities[t];
    }
    return sum;
  }

  /**
   * What the path collapses to: a copy of its L labels. Of a target with {@link Wildcards} those
   * elements that the path has frames for, wildcards among them.
   */
  public int[] labels() {
    return spans.stream().mapToInt(LabelSpan::label).toArray();
  }

  /**
   * The elements of the target that the path has no frames for, by their places in it: labels that
   * were left out, and {@link Wildcards#FRAMES} that took none. Without {@link Wildcards} there are
   * none.
   */
  public int[] skipped() {
    boolean[] isVisited = new boolean[labels.length];
    for (int state : states) {
      if (state % 2 == 1) {
        isVisited[state / 2] = true;
      }
    }
    return IntStream.range(0, labels.length).filter(i -> !isVisited[i]).toArray();
  }

  /** Where each of the {@link #labels} is, in order. */
  public List<LabelSpan> spans() {
    return spans;
  }
}
