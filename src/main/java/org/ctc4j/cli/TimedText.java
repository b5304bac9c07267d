package org.ctc4j.cli;

import java.util.ArrayList;
import java.util.List;
import org.ctc4j.CtcPath;
import org.ctc4j.LabelSpan;

/**
 * A token or a word, and its frames [start, end).
 *
 * @param confidence geometric mean of the probabilities of its frames that are on a label
 */
record TimedText(String text, int start, int end, double confidence) {

  /** The labels of a path, one by one. */
  static List<TimedText> tokens(CtcPath path, Tokens tokens) {
    List<TimedText> list = new ArrayList<>();
    for (LabelSpan span : path.spans()) {
      String text = tokens.token(span.label());
      list.add(new TimedText(text, span.start(), span.end(), span.confidence()));
    }
    return list;
  }

  /** The words of a path: from the first frame of the first label to the last of the last. */
  static List<TimedText> words(CtcPath path, Tokens tokens) {
    List<TimedText> list = new ArrayList<>();
    List<LabelSpan> word = new ArrayList<>();
    for (LabelSpan span : path.spans()) {
      if (tokens.isSpace(span.label()) || tokens.beginsWord(span.label())) {
        addWord(word, tokens, list);
      }
      if (!tokens.isSpace(span.label())) {
        word.add(span);
      }
    }
    addWord(word, tokens, list);
    return list;
  }

  private static void addWord(List<LabelSpan> spans, Tokens tokens, List<TimedText> words) {
    if (spans.isEmpty()) {
      return;
    }
    StringBuilder text = new StringBuilder();
    double logProb = 0;
    int frames = 0;
    for (LabelSpan span : spans) {
      text.append(tokens.inWord(span.label()));
      logProb += span.logProbability();
      frames += span.frames();
    }
    words.add(
        new TimedText(
            text.toString(),
            spans.get(0).start(),
            spans.get(spans.size() - 1).end(),
            Math.exp(logProb / frames)));
    spans.clear();
  }
}
