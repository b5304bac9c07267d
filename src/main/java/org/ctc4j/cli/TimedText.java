package org.ctc4j.cli;

import java.util.ArrayList;
import java.util.List;
import org.ctc4j.CtcPath;
import org.ctc4j.LabelSpan;
import org.ctc4j.text.Vocabulary;

/**
 * A token or a word, and its frames [start, end).
 *
 * @param confidence geometric mean of the probabilities of its frames that are on a label
 */
record TimedText(String text, int start, int end, double confidence) {

  /** The words of a path, or its labels where the vocabulary knows no words. */
  static List<TimedText> of(CtcPath path, Vocabulary vocabulary) {
    return vocabulary.hasWords() ? words(path, vocabulary) : tokens(path, vocabulary);
  }

  /** The labels of a path, one by one. */
  static List<TimedText> tokens(CtcPath path, Vocabulary vocabulary) {
    List<TimedText> list = new ArrayList<>();
    for (LabelSpan span : path.spans()) {
      String text = vocabulary.token(span.label());
      list.add(new TimedText(text, span.start(), span.end(), span.confidence()));
    }
    return list;
  }

  /** The words of a path: from the first frame of the first label to the last of the last. */
  static List<TimedText> words(CtcPath path, Vocabulary vocabulary) {
    List<TimedText> list = new ArrayList<>();
    for (Vocabulary.Word word : vocabulary.words(path.labels())) {
      list.add(of(word.text(), path.spans().subList(word.start(), word.end())));
    }
    return list;
  }

  private static TimedText of(String text, List<LabelSpan> spans) {
    double logProb = 0;
    int frames = 0;
    for (LabelSpan span : spans) {
      logProb += span.logProbability();
      frames += span.frames();
    }
    return new TimedText(
        text, spans.get(0).start(), spans.get(spans.size() - 1).end(), Math.exp(logProb / frames));
  }
}
