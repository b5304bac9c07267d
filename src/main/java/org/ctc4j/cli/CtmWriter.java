package org.ctc4j.cli;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Locale;
import org.ctc4j.CtcPath;
import org.ctc4j.CtcStatus;
import org.ctc4j.InvalidInputException;
import org.ctc4j.io.Text;
import org.ctc4j.text.Vocabulary;

/**
 * NIST's CTM: "recording channel start duration word confidence", a line a word, or a label where
 * labels make no words; seconds to the millisecond, or finer, to the microsecond, if frames are.
 * Recordings are called utterance-0, utterance-1, …
 */
final class CtmWriter {
  private final Vocabulary vocabulary;
  private final BigDecimal frameShift;
  private final int decimals;

  CtmWriter(Vocabulary vocabulary, double frameShift) {
    this.vocabulary = vocabulary;
    this.frameShift = BigDecimal.valueOf(frameShift);
    this.decimals = Math.min(6, Math.max(3, this.frameShift.stripTrailingZeros().scale()));
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
                "utterance-%d 1 %s %s %s %.4f\n",
                n,
                seconds(item.start()).toPlainString(),
                seconds(item.end()).subtract(seconds(item.start())).toPlainString(),
                item.text(),
                item.confidence()));
      }
    }
    return ctm.toString();
  }

  /** Rounded once: that a duration is of rounded times keeps words from overlapping. */
  private BigDecimal seconds(int frame) {
    return BigDecimal.valueOf(frame)
        .multiply(frameShift)
        .setScale(decimals, RoundingMode.HALF_EVEN);
  }
}
