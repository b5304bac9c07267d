package org.ctc4j.decoding;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.ctc4j.LabelSpan;

/**
 * The labels of a path with their frames, from the last back to the first: paths that have begun
 * alike share what they have in common.
 */
final class Spans {
  final LabelSpan last;

  /** How many there are. */
  final int count;

  private Spans before; // null if there are none, or they are in the list of those that are final

  Spans(Spans before, LabelSpan last) {
    this.before = before;
    this.last = last;
    this.count = count(before) + 1;
  }

  static int count(Spans spans) {
    return spans == null ? 0 : spans.count;
  }

  /** What two paths have in common; null if nothing. */
  static Spans common(Spans a, Spans b) {
    while (a != b) {
      if (count(a) >= count(b)) {
        a = a.before;
      } else {
        b = b.before;
      }
    }
    return a;
  }

  /**
   * As much of a path as another, which shares nothing with it, has as well.
   *
   * @param known how many of their spans are known to be equal
   */
  static Spans common(Spans a, Spans b, int known) {
    List<LabelSpan> some = list(a, known);
    List<LabelSpan> others = list(b, known);
    int equal = 0;
    while (equal < Math.min(some.size(), others.size())
        && some.get(equal).equals(others.get(equal))) {
      equal++;
    }
    while (count(a) > known + equal) {
      a = a.before;
    }
    return a;
  }

  /** Spans from number {@code from} on. */
  static List<LabelSpan> list(Spans spans, int from) {
    LabelSpan[] list = new LabelSpan[Math.max(0, count(spans) - from)];
    int i = list.length;
    for (Spans at = spans; i > 0; at = at.before) {
      list[--i] = at.last;
    }
    return new ArrayList<>(Arrays.asList(list));
  }

  /** Spans that cannot change any more, in places of their own: 20 bytes each. */
  static final class Final {
    private int count;
    private int[] labels = new int[16];
    private int[] starts = new int[16];
    private int[] ends = new int[16];
    private double[] logProbs = new double[16];

    int count() {
      return count;
    }

    /** Takes over spans of which the first {@link #count} are here already. */
    void take(Spans spans) {
      for (LabelSpan span : list(spans, count)) {
        if (count == labels.length) {
          labels = Arrays.copyOf(labels, 2 * count);
          starts = Arrays.copyOf(starts, 2 * count);
          ends = Arrays.copyOf(ends, 2 * count);
          logProbs = Arrays.copyOf(logProbs, 2 * count);
        }
        labels[count] = span.label();
        starts[count] = span.start();
        ends[count] = span.end();
        logProbs[count++] = span.logProbability();
      }
      if (spans != null) {
        spans.before = null;
      }
    }

    /** All spans from number {@code from} on of a path that has begun with those here. */
    List<LabelSpan> followedBy(Spans spans, int from) {
      List<LabelSpan> all = new ArrayList<>();
      for (int i = from; i < count; i++) {
        all.add(new LabelSpan(labels[i], starts[i], ends[i], logProbs[i]));
      }
      all.addAll(list(spans, Math.max(from, count)));
      return all;
    }

    /** The labels from number {@code from} on. */
    int[] labels(int from) {
      return Arrays.copyOfRange(labels, from, count);
    }
  }
}
