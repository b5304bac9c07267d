package org.ctc4j.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcPath;
import org.ctc4j.CtcStatus;
import org.ctc4j.text.ErrorCounts;
import org.ctc4j.text.Vocabulary;

/** What {@code ctc align} and greedy {@code ctc decode} say. */
final class PathReport {
  private final List<CtcPath> paths;
  private final Naming naming;
  private final Vocabulary vocabulary;

  PathReport(List<CtcPath> paths, Naming naming) {
    this.paths = paths;
    this.naming = naming;
    this.vocabulary = naming.vocabulary();
  }

  /**
   * One object on one line; infinities and NaN are the strings "-Infinity", "NaN".
   *
   * @param errors empty without references
   */
  void printJson(PrintWriter out, Map<String, ErrorCounts> errors) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.writeStartObject();
      LabelJson labels = new LabelJson(naming);
      labels.writeHead(json);
      json.writeArrayFieldStart("utterances");
      for (int n = 0; n < paths.size(); n++) {
        json.writeStartObject();
        json.writeNumberField("utterance", n);
        writePath(json, paths.get(n), labels);
        json.writeEndObject();
      }
      json.writeEndArray();
      References.write(errors, json);
      json.writeEndObject();
    }
    out.println(text);
  }

  private static void writePath(JsonGenerator json, CtcPath path, LabelJson labels)
      throws IOException {
    json.writeStringField("status", path.status().name());
    json.writeNumberField("log_probability", path.logProbability());
    labels.write(json, path);
    json.writeArrayFieldStart("path");
    for (int t = 0; t < path.frames(); t++) {
      json.writeNumber(path.symbol(t));
    }
    json.writeEndArray();
  }

  /** A line for each utterance: what it says and how likely the path is. */
  void printTexts(PrintWriter out) {
    out.printf("%9s  %8s  %14s  %s%n", "utterance", "frames", "ln p(path)", "text");
    for (int n = 0; n < paths.size(); n++) {
      CtcPath path = paths.get(n);
      String text =
          path.status() == CtcStatus.OK ? vocabulary.text(path.labels()) : path.status().toString();
      out.printf(
          Locale.ROOT,
          "%9d  %8d  %14s  %s%n",
          n,
          path.frames(),
          number(path.logProbability()),
          text);
    }
  }

  /**
   * For each utterance its words, or labels, and when they are; or why it has no path.
   *
   * @param batch what was aligned
   */
  void printTimes(PrintWriter out, CtcBatch batch) {
    String unit = naming.frameShift() == null ? "frames" : "seconds";
    for (int n = 0; n < paths.size(); n++) {
      CtcPath path = paths.get(n);
      out.printf(
          Locale.ROOT,
          "utterance %d   %s%s%n",
          n,
          path.status(),
          path.status() == CtcStatus.OK
              ? "   ln p(path) " + number(path.logProbability()) + ", " + unit + " and confidence:"
              : "   " + NoPath.reason(batch, n, path.status()));
      List<TimedText> items = TimedText.of(path, vocabulary);
      for (TimedText item : items) {
        out.printf(
            Locale.ROOT,
            "%10s – %-10s %5.1f %%  %s%n",
            time(item.start()),
            time(item.end()),
            100 * item.confidence(),
            item.text());
      }
    }
  }

  private String time(int frame) {
    return naming.frameShift() == null
        ? Integer.toString(frame)
        : String.format(Locale.ROOT, "%.2f", frame * naming.frameShift());
  }

  static String number(double logProb) {
    return Double.isFinite(logProb)
        ? String.format(Locale.ROOT, "%.4f", logProb)
        : Double.toString(logProb);
  }
}
