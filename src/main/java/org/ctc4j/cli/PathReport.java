package org.ctc4j.cli;

import java.io.PrintWriter;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.ctc4j.CtcPath;
import org.ctc4j.cli.output.JsonObject;
import org.ctc4j.cli.output.LineBoxes;
import org.ctc4j.cli.output.TimedText;
import org.ctc4j.cli.output.TimedUtterance;
import org.ctc4j.cli.output.UtteranceJson;
import org.ctc4j.io.Text;
import org.ctc4j.text.ErrorCounts;

/** What {@code ctc align} and greedy {@code ctc decode} say. */
record PathReport(List<TimedUtterance> utterances, Naming naming) {
  /**
   * One object on one line; infinities and NaN are the strings "-Infinity", "NaN".
   *
   * @param boxes null for none
   * @param errors empty without references
   */
  void printJson(PrintWriter out, LineBoxes boxes, Map<String, ErrorCounts> errors) {
    UtteranceJson fields = new UtteranceJson(naming.frameShift(), boxes);
    out.println(
        JsonObject.text(
            json -> {
              naming.write(json);
              JsonObject.array(json, "utterances", utterances, each -> fields.write(json, each));
              References.write(errors, json);
            }));
  }

  /** A line for each utterance: what it says and how likely the path is. */
  void printTexts(PrintWriter out) {
    out.printf("%9s  %8s  %14s  %s%n", "utterance", "frames", "ln p(path)", "text");
    for (TimedUtterance utterance : utterances) {
      CtcPath path = utterance.path();
      out.printf(
          Locale.ROOT,
          "%9d  %8d  %14s  %s%n",
          utterance.number(),
          path.frames(),
          number(path.logProbability()),
          utterance.reason() == null
              ? PlainWriter.oneLine(utterance.text())
              : path.status() + ": " + utterance.reason());
    }
  }

  /** For each utterance its words, or labels, and when they are; or why it has no path. */
  void printTimes(PrintWriter out) {
    String unit = naming.frameShift() == null ? "frames" : "seconds";
    for (TimedUtterance utterance : utterances) {
      CtcPath path = utterance.path();
      out.printf(
          Locale.ROOT,
          "utterance %d   %s   %s%n",
          utterance.number(),
          path.status(),
          utterance.reason() == null
              ? "ln p(path) " + number(path.logProbability()) + ", " + unit + " and confidence:"
              : utterance.reason());
      for (TimedText item : utterance.tiers().units()) {
        out.printf(
            Locale.ROOT,
            "%10s – %-10s %5.1f %%  %s%s%n",
            time(item.start()),
            time(item.end()),
            100 * item.trust().confidence(),
            PlainWriter.oneLine(item.text()),
            taken(utterance, item));
      }
      if (path.skipped().length > 0) {
        out.printf("left out: elements %s of the target%n", Arrays.toString(path.skipped()));
      }
    }
  }

  /** What the wildcards of a word took, as greedy decoding has it. */
  private static String taken(TimedUtterance utterance, TimedText item) {
    return utterance.tiers().wildcards().stream()
        .filter(wildcard -> wildcard.from() >= item.from() && wildcard.to() <= item.to())
        .map(wildcard -> "   took " + Text.quote(wildcard.text()))
        .collect(Collectors.joining());
  }

  private String time(int frame) {
    return naming.frameShift() == null
        ? Integer.toString(frame)
        : String.format(Locale.ROOT, "%.2f", frame * naming.frameShift());
  }

  static String number(double logProb) {
    return Nats.text(logProb, 4);
  }
}
