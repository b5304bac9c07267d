package org.ctc4j.cli.output;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.ctc4j.InvalidInputException;
import org.ctc4j.io.Text;

/**
 * NIST's CTM: "recording channel start duration word confidence", a line a word, or a label where
 * labels make no words; seconds to the millisecond, or finer, to the microsecond, if frames are.
 * Recordings are in the order of the bytes of their names, as SCTK sorts them.
 *
 * @param level null for words, or labels where these make no words
 */
public record CtmFormat(Level level, Clock clock) implements TimeFormat {
  private static final Comparator<TimedUtterance> BY_NAME =
      Comparator.comparing(
          utterance -> utterance.name().getBytes(StandardCharsets.UTF_8), Arrays::compareUnsigned);

  /** A comment says why an utterance has no path. */
  @Override
  public String objection(TimedUtterance utterance) {
    return null;
  }

  @Override
  public String write(List<TimedUtterance> utterances) {
    StringBuilder ctm = new StringBuilder();
    for (TimedUtterance utterance : utterances.stream().sorted(BY_NAME).toList()) {
      if (utterance.reason() != null) {
        ctm.append(";; %s: %s".formatted(utterance.name(), utterance.path().status()));
        ctm.append(": ").append(utterance.reason()).append('\n');
      }
      for (TimedText item : utterance.tiers().at(level)) {
        append(utterance, item, ctm);
      }
    }
    return ctm.toString();
  }

  private void append(TimedUtterance utterance, TimedText item, StringBuilder ctm) {
    requireOneField(utterance, "name", utterance.name());
    requireOneField(utterance, "word", item.text());
    if (utterance.name().startsWith(";;")) {
      throw new InvalidInputException(
          "--ctm: utterance %d has the name %s, which would begin a comment"
              .formatted(utterance.number(), Text.quote(utterance.name())));
    }
    BigDecimal start = clock.seconds(item.start());
    BigDecimal duration = clock.seconds(item.end()).subtract(start);
    ctm.append(utterance.name()).append(" 1 ");
    ctm.append(start.toPlainString()).append(' ').append(duration.toPlainString()).append(' ');
    ctm.append(item.text());
    ctm.append(String.format(Locale.ROOT, " %.4f\n", item.trust().confidence()));
  }

  private static void requireOneField(TimedUtterance utterance, String what, String text) {
    if (text.isEmpty() || text.codePoints().anyMatch(Character::isWhitespace)) {
      throw new InvalidInputException(
          "--ctm: utterance %d has the %s %s; CTM cannot hold white space in one"
              .formatted(utterance.number(), what, Text.quote(text)));
    }
  }
}
