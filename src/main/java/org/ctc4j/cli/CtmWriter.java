package org.ctc4j.cli;

import java.util.List;
import java.util.Locale;
import org.ctc4j.CtcPath;
import org.ctc4j.CtcStatus;
import org.ctc4j.InvalidInputException;
import org.ctc4j.io.Text;
import org.ctc4j.text.Vocabulary;

/**
 * NIST's CTM: "recording channel start duration word confidence", a line a word, or a label where
 * labels make no words. Recordings are called utterance-0, utterance-1, …
 */
final class CtmWriter {
  private final Vocabulary vocabulary;
  private final double frameShift;

  CtmWriter(Vocabulary vocabulary, double frameShift) {
    this.vocabulary = vocabulary;
    this.frameShift = frameShift;
  }

  String write(List<CtcPath> paths) {
    StringBuilder ctm = new StringBuilder();
    for (int n = 0; n < paths.size(); n++) {
      CtcPath path = paths.get(n);
      if (path.status() != CtcStatus.OK) {
        ctm.append(";; utterance-%d: %s\n".formatted(n, path.status()));
      }
      for (TimedText item : TimedText.of(path, vocabulary)) {
        if (item.text().chars().anyMatch(Character::isWhitespace) || item.text().isEmpty()) {
          throw new InvalidInputException(
              "--ctm: utterance %d has %s; CTM cannot hold white space in a word"
                  .formatted(n, Text.quote(item.text())));
        }
        ctm.append(
            String.format(
                Locale.ROOT,
                "utterance-%d 1 %.3f %.3f %s %.4f\n",
                n,
                item.start() * frameShift,
                (item.end() - item.start()) * frameShift,
                item.text(),
                item.confidence()));
      }
    }
    return ctm.toString();
  }
}
