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

    private TimedText timed(String text, int from, int to, int word) {
      WordSpan span = new WordSpan(text, path.spans().subList(from, to));
      double logRatio =
          greedy == null ? Double.NaN : path.logRatio(greedy, span.start(), span.end());
      double share = shares == null || word < 0 ? Double.NaN : shares[word];
      TimedText.Trust trust = new TimedText.Trust(span.confidence(), logRatio, share);
      return new TimedText(text, from, to, span.start(), span.end(), trust);
    }
  }

  /** Utterance n of a batch. */
  public TimedUtterance of(int n, String name, Finding found) {
    int[] labels = found.path().labels();
    List<TimedText> tokens = new ArrayList<>();
    for (int i = 0; i < labels.length; i++) {
      tokens.add(found.timed(vocabulary.token(labels[i]), i, i + 1, -1));
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
        wildcards.add(found.timed(vocabulary.text(said), i, i + 1, -1));
      }
    }
    return wildcards;
  }

  private List<TimedText> words(int[] labels, Finding found) {
    List<TimedText> words = new ArrayList<>();
    for (Vocabulary.Word word : vocabulary.words(labels)) {
      words.add(found.timed(word.text(), word.start(), word.end(), words.size()));
    }
    return words;
  }

  /** Words, and parts of those in scripts that put no blanks between words. */
  private List<TimedText> parts(List<TimedText> words, Finding found) {
    List<TimedText> parts = new ArrayList<>();
    int[] labels = found.path().labels();
    for (TimedText word : words) {
      int from = word.from();
      for (int i = from + 1; i <= word.to(); i++) {
        boolean ends =
            i == word.to()
                || UnspacedScripts.mayPart(text(labels, from, i), text(labels, i, i + 1));
        if (ends) {
          parts.add(found.timed(text(labels, from, i), from, i, -1));
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
      int from = units.get(first).from();
      boolean ends = i == units.size();
      if (!ends) {
        String longer = text(labels, from, units.get(i).to());
        ends = rule.parts(units.get(i - 1), units.get(i), longer);
      }
      if (ends) {
        int to = units.get(i - 1).to();
        segments.add(found.timed(text(labels, from, to), from, to, -1));
        first = i;
      }
    }
    return segments;
  }

  private String text(int[] labels, int from, int to) {
    return vocabulary.text(Arrays.copyOfRange(labels, from, to));
  }
}
