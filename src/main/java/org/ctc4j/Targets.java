package org.ctc4j;

import java.util.Arrays;
import java.util.Objects;

/**
 * The label sequence of every utterance, without blanks. A view: arrays are not copied, and must
 * not change while a call uses them; what is no {@code int[]}, {@link Ints} makes one of. Labels
 * are checked against C and the blank when a batch is computed. With {@link #withWildcards} they
 * may hold {@link Wildcards} beside labels.
 */
public final class Targets {
  private final int[][] rows; // rows[n][0 … L_n), or null
  private final int[] labels; // labels[starts[n] + i], or null
  private final long[] starts;
  private final int[] lengths;
  private final Wildcards wildcards; // or null

  private Targets(int[][] rows, int[] labels, long[] starts, int[] lengths, Wildcards wildcards) {
    this.rows = rows;
    this.labels = labels;
    this.starts = starts;
    this.lengths = lengths;
    this.wildcards = wildcards;
  }

  /** One array of labels for each utterance; an empty array is an empty target. */
  public static Targets of(int[]... targets) {
    int[] lengths = new int[targets.length];
    for (int n = 0; n < targets.length; n++) {
      if (targets[n] == null) {
        throw new InvalidInputException("targets: utterance " + n + " is null");
      }
      lengths[n] = targets[n].length;
    }
    return new Targets(targets.clone(), null, null, lengths, null);
  }

  /** Empty ones. */
  static Targets none(int utterances) {
    return concatenated(new int[0], new int[utterances]);
  }

  /**
   * Padded targets (N, Lmax): label i of utterance n is {@code labels[n * maxLength + i]}. What
   * stands beyond a target's length is never read.
   *
   * @param targetLengths L<sub>n</sub>, each in [0, maxLength]
   */
  public static Targets padded(int[] labels, int maxLength, int[] targetLengths) {
    Objects.requireNonNull(labels, "labels");
    int utterances = targetLengths.length;
    if (maxLength < 0 || (long) utterances * maxLength != labels.length) {
      throw new InvalidInputException(
          "targets: expected (N, Lmax) = (%d, %d), %d labels, got %d"
              .formatted(utterances, maxLength, (long) utterances * maxLength, labels.length));
    }
    long[] starts = new long[utterances];
    for (int n = 0; n < utterances; n++) {
      if (targetLengths[n] < 0 || targetLengths[n] > maxLength) {
        throw new InvalidInputException(
            "target_lengths: utterance %d has %d, expected a length in [0, %d], the width of the padded targets"
                .formatted(n, targetLengths[n], maxLength));
      }
      starts[n] = (long) n * maxLength;
    }
    return new Targets(null, labels, starts, targetLengths.clone(), null);
  }

  /**
   * Concatenated targets: those of utterance 0, then those of utterance 1, and so on.
   *
   * @param targetLengths L<sub>n</sub>, each ≥ 0; their sum is the number of labels
   */
  public static Targets concatenated(int[] labels, int[] targetLengths) {
    Objects.requireNonNull(labels, "labels");
    long[] starts = new long[targetLengths.length];
    long total = 0;
    for (int n = 0; n < targetLengths.length; n++) {
      if (targetLengths[n] < 0) {
        throw new InvalidInputException(
            "target_lengths: utterance %d has %d, expected 0 or more"
                .formatted(n, targetLengths[n]));
      }
      starts[n] = total;
      total += targetLengths[n];
    }
    if (total != labels.length) {
      throw new InvalidInputException(
          "targets: target_lengths add up to %d, but there are %d concatenated labels"
              .formatted(total, labels.length));
    }
    return new Targets(null, labels, starts, targetLengths.clone(), null);
  }

  /** The same labels, among which {@link Wildcards#FRAMES} and {@link Wildcards#LABELS} may be. */
  public Targets withWildcards(Wildcards value) {
    return new Targets(rows, labels, starts, lengths, Objects.requireNonNull(value, "wildcards"));
  }

  /** What wildcards and labels that are left out cost; null if there can be none. */
  public Wildcards wildcards() {
    return wildcards;
  }

  /** Whether target n holds a wildcard, or a label that may be left out. */
  public boolean hasWildcards(int n) {
    if (wildcards == null) {
      return false;
    }
    boolean any = wildcards.canSkip() && lengths[n] > 0;
    for (int i = 0; i < lengths[n] && !any; i++) {
      any = Wildcards.is(label(n, i));
    }
    return any;
  }

  /** Whether any target does. */
  public boolean hasWildcards() {
    boolean any = false;
    for (int n = 0; n < lengths.length && !any; n++) {
      any = hasWildcards(n);
    }
    return any;
  }

  /** N. */
  public int utterances() {
    return lengths.length;
  }

  /** L<sub>n</sub>, the number of labels of utterance n. */
  public int length(int n) {
    return lengths[n];
  }

  /** Label i of utterance n, 0 ≤ i &lt; L<sub>n</sub>. */
  public int label(int n, int i) {
    Objects.checkIndex(i, lengths[n]);
    return rows != null ? rows[n][i] : labels[(int) (starts[n] + i)];
  }

  /** Copies the labels of utterance n to {@code into[0 … L_n)}. */
  public void copyTo(int n, int[] into) {
    if (rows != null) {
      System.arraycopy(rows[n], 0, into, 0, lengths[n]);
    } else {
      System.arraycopy(labels, (int) starts[n], into, 0, lengths[n]);
    }
  }

  /** The largest L<sub>n</sub>, 0 for no utterances. */
  public int maxLength() {
    return Arrays.stream(lengths).max().orElse(0);
  }

  /** "4 targets, 131 labels". */
  @Override
  public String toString() {
    long labelCount = Arrays.stream(lengths).asLongStream().sum();
    return "%d targets, %d labels".formatted(lengths.length, labelCount);
  }

  /** 2 Lmax + 1, the states of the longest target. */
  int states() {
    long states = 2L * maxLength() + 1;
    if (states > Integer.MAX_VALUE) {
      throw new InvalidInputException(
          "targets: expected at most %d labels for posteriors of states, got %d"
              .formatted(Integer.MAX_VALUE / 2, maxLength()));
    }
    return (int) states;
  }

  /**
   * The number of positions at which a label of utterance n equals the one before it, or the one
   * before wildcards that may take no frames.
   */
  public int repeats(int n) {
    int repeats = 0;
    int before = Wildcards.FRAMES;
    for (int i = 0; i < lengths[n]; i++) {
      int label = label(n, i);
      repeats += label == before && !Wildcards.is(label) ? 1 : 0;
      before = label == Wildcards.FRAMES ? before : label;
    }
    return repeats;
  }

  /**
   * How many frames a path of target n has at least: one for each element that cannot take none,
   * and one for each {@linkplain #repeats repeat}; 0 where labels can be left out.
   */
  public long leastFrames(int n) {
    if (wildcards != null && wildcards.canSkip()) {
      return 0;
    }
    long least = lengths[n] + (long) repeats(n);
    for (int i = 0; wildcards != null && i < lengths[n]; i++) {
      least -= label(n, i) == Wildcards.FRAMES ? 1 : 0;
    }
    return least;
  }

  /** Whether a path of so many frames collapses to target n: repeats have a blank between them. */
  private boolean fits(int n, int frames) {
    long most = Math.max(0, 2L * lengths[n] - 1);
    return most <= frames
        || (lengths[n] <= frames || wildcards != null) && leastFrames(n) <= frames;
  }

  /** The same with empty ones in place of those that do not fit; this one if all do. */
  Targets fitting(int[] frames) {
    int[] fitting = lengths;
    for (int n = 0; n < lengths.length; n++) {
      if (!fits(n, frames[n])) {
        fitting = fitting == lengths ? lengths.clone() : fitting;
        fitting[n] = 0;
      }
    }
    return withLengths(fitting);
  }

  /** The same with empty ones in place of those that {@linkplain #hasWildcards have wildcards}. */
  Targets withoutWildcards() {
    int[] plain = lengths.clone();
    for (int n = 0; n < plain.length; n++) {
      plain[n] = hasWildcards(n) ? 0 : plain[n];
    }
    return new Targets(rows, labels, starts, plain, null);
  }

  private Targets withLengths(int[] shorter) {
    return shorter == lengths ? this : new Targets(rows, labels, starts, shorter, wildcards);
  }

  /** Of what cannot have any: they are not to be ignored. */
  void requireNoWildcards(String who, String expected) {
    for (int n = 0; n < lengths.length; n++) {
      if (hasWildcards(n)) {
        throw new InvalidInputException(
            "targets: %s takes no wildcards and leaves out no labels, expected %s, got some in utterance %d"
                .formatted(who, expected, n));
      }
    }
  }

  /** Labels must lie in [0, classes) and not be the blank. */
  void check(int classes, int blank) {
    for (int n = 0; n < lengths.length; n++) {
      for (int i = 0; i < lengths[n]; i++) {
        int label = label(n, i);
        if (wildcards != null && Wildcards.is(label)) {
          continue;
        }
        if (label < 0 || label >= classes) {
          throw new InvalidInputException(
              "targets: utterance %d has label %d at position %d, expected a class in [0, %d)%s"
                  .formatted(n, label, i, classes, wildcards == null ? "" : " or a wildcard"));
        }
        if (label == blank) {
          throw new InvalidInputException(
              "targets: utterance %d has the blank, %d, at position %d; a target holds labels only"
                  .formatted(n, blank, i));
        }
      }
    }
  }
}
