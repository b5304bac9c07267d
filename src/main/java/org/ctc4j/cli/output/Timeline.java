package org.ctc4j.cli.output;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.ctc4j.CtcPath;
import org.ctc4j.LabelSpan;
import org.ctc4j.Wildcards;
import org.ctc4j.text.Vocabulary;
import org.ctc4j.text.WordSpan;

/**
 * Makes labels, words and segments of paths.
 *
 * @param rule how segments are cut; null for none
 */
public record Timeline(Vocabulary vocabulary, SegmentRule rule) {
  /**
   * What was found of an utterance.
   *
   * @param reason why there is no path; null if there is one
   * @param greedy the best path of all; null if that is this one
   * @param shares of the n-best that has each word; null without one
   */
  public record Finding(CtcPath path, String reason, CtcPath greedy, double[] shares) {
    /** A greedy path. */
    public static Finding greedy(CtcPath path, String reason) {
      return new Finding(path, reason, null, null);
    }

    private TimedText timed(String text, int from, int to) {
      return timed(new WordSpan(text, path.spans().subList(from, to)), from, to, -1);
    }

    /** From the beginning of one to the end of another. */
    private TimedText timed(String text, TimedText first, TimedText last) {
      List<LabelSpan> labels = path.spans().subList(first.from(), last.to());
      WordSpan span = new WordSpan(text, labels, first.start(), last.end());
      return timed(span, first.from(), last.to(), -1);
    }

    private TimedText timed(WordSpan span, int from, int to, int word) {
      int start = path.spans().get(from).start(); // of labels that others have, too, all frames
      int end = path.spans().get(to - 1).end();
      double logRatio = greedy == null ? Double.NaN : path.logRatio(greedy, start, end);
      double share = shares == null || word < 0 ? Double.NaN : shares[word];
      TimedText.Trust trust = new TimedText.Trust(span.confidence(), logRatio, share);
      return new TimedText(span.text(), from, to, span.start(), span.end(), trust);
    }
  }

  /** Utterance n of a batch. */
  public TimedUtterance of(int n, String name, Finding found) {
    int[] labels = found.path().labels();
    List<TimedText> tokens = new ArrayList<>();
    for (int i = 0; i < labels.length; i++) {
      tokens.add(found.timed(vocabulary.token(labels[i]), i, i + 1));
    }
    List<TimedText> words = vocabulary.hasWords() ? words(labels, found) : null;
    List<TimedText> segments =
        rule == null ? null : segments(labels, words == null ? tokens : parts(words, found), found);
    return new TimedUtterance(
        n,
        name,
        found.path(),
        found.reason(),
        vocabulary.text(labels),
        new TimedUtterance.Tiers(tokens, words, segments, wildcards(labels, found)));
  }

  private List<TimedText> wildcards(int[] labels, Finding found) {
    List<TimedText> wildcards = new ArrayList<>();
    for (int i = 0; i < labels.length && found.greedy() != null; i++) {
      if (Wildcards.is(labels[i])) {
        LabelSpan taken = found.path().spans().get(i);
        int[] said =
            found.greedy().spans().stream()
                .filter(span -> span.start() >= taken.start() && span.start() < taken.end())
                .mapToInt(LabelSpan::label)
                .toArray();
        wildcards.add(found.timed(vocabulary.text(said), i, i + 1));
      }
    }
    return wildcards;
  }

  private List<TimedText> words(int[] labels, Finding found) {
    List<TimedText> words = new ArrayList<>();
    List<WordSpan> spans = vocabulary.words(found.path());
    for (Vocabulary.Word word : vocabulary.words(labels)) {
      int i = words.size();
      words.add(found.timed(spans.get(i), word.start(), word.end(), i));
    }
    return words;
  }

  /**
   * What a segment may end after: words, those that a label is a piece of as one, and parts of them
   * in scripts that put no blanks between words.
   */
  private List<TimedText> parts(List<TimedText> words, Finding found) {
    List<TimedText> parts = new ArrayList<>();
    int[] labels = found.path().labels();
    for (int w = 0; w < words.size(); ) {
      TimedText first = words.get(w++);
      TimedText last = first;
      while (w < words.size() && words.get(w).from() < last.to()) {
        last = words.get(w++);
      }
      int from = first.from();
      for (int i = from + 1; i <= last.to(); i++) {
        boolean ends =
            i == last.to()
                || UnspacedScripts.mayPart(text(labels, from, i), text(labels, i, i + 1));
        if (ends) {
          TimedText part = found.timed(text(labels, from, i), from, i);
          TimedText begins = from == first.from() ? first : part;
          parts.add(part.within(begins.start(), i == last.to() ? last.end() : part.end()));
          from = i;
        }
      }
    }
    return parts;
  }

  private List<TimedText> segments(int[] labels, List<TimedText> units, Finding found) {
    List<TimedText> segments = new ArrayList<>();
    int first = 0;
    for (int i = 1; i <= units.size(); i++) {
      TimedText begins = units.get(first);
      boolean ends = i == units.size();
      if (!ends) {
        String longer = text(labels, begins.from(), units.get(i).to());
        ends = rule.parts(units.get(i - 1), units.get(i), longer);
      }
      if (ends) {
        TimedText last = units.get(i - 1);
        segments.add(found.timed(text(labels, begins.from(), last.to()), begins, last));
        first = i;
      }
    }
    return segments;
  }

  private String text(int[] labels, int from, int to) {
    return vocabulary.text(Arrays.copyOfRange(labels, from, to));
  }
}
