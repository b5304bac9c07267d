package org.ctc4j.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.ctc4j.CtcStatus;
import org.ctc4j.cli.output.TimedUtterance;
import org.ctc4j.cli.output.UtteranceJson;
import org.ctc4j.text.ErrorCounts;
import org.ctc4j.text.Transcript;

/** What {@code ctc decode --beam} says. */
final class NBestReport {
  private final List<NBest> utterances;

  /**
   * What was found of an utterance.
   *
   * @param reason why there is no output; null if there is one
   * @param transcripts the best first
   */
  record NBest(String name, CtcStatus status, String reason, List<Transcript> transcripts) {
    /** Of the best output; none if there is none. */
    int[] labels() {
      return transcripts.isEmpty() ? new int[0] : transcripts.get(0).best().labels();
    }
  }

  NBestReport(List<NBest> utterances) {
    this.utterances = utterances;
  }

  /**
   * One object on one line; each output has what an utterance of a greedy search has. Of all labels
   * that say a text they are the best ones.
   *
   * @param timed each utterance's outputs
   * @param errors empty without references
   */
  void printJson(
      PrintWriter out,
      List<List<TimedUtterance>> timed,
      UtteranceJson fields,
      Naming naming,
      Map<String, ErrorCounts> errors)
      throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.writeStartObject();
      naming.write(json);
      json.writeArrayFieldStart("utterances");
      for (int n = 0; n < utterances.size(); n++) {
        NBest found = utterances.get(n);
        json.writeStartObject();
        json.writeNumberField("utterance", n);
        json.writeStringField("name", found.name);
        json.writeStringField("status", found.status.name());
        if (found.reason != null) {
          json.writeStringField("reason", found.reason);
        }
        json.writeArrayFieldStart("outputs");
        for (int k = 0; k < Math.min(timed.get(n).size(), found.transcripts.size()); k++) {
          Transcript transcript = found.transcripts.get(k);
          json.writeStartObject();
          fields.writeText(json, timed.get(n).get(k));
          json.writeNumberField("log_probability", transcript.best().logProbability());
          json.writeNumberField("score", transcript.best().score());
          json.writeNumberField("added", transcript.best().added());
          json.writeNumberField("text_log_probability", transcript.logProbability());
          json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
      }
      json.writeEndArray();
      References.write(errors, json);
      json.writeEndObject();
    }
    out.println(text);
  }

  /**
   * A line for each output.
   *
   * @param most how many of an utterance
   */
  void printTable(PrintWriter out, int most) {
    out.printf("%9s  %14s  %14s  %s%n", "utterance", "ln p(text)", "score", "text");
    for (int n = 0; n < utterances.size(); n++) {
      NBest found = utterances.get(n);
      if (found.transcripts.isEmpty()) {
        String why = found.reason == null ? "" : ": " + found.reason;
        out.printf(Locale.ROOT, "%9d  %14s  %14s  %s%s%n", n, "", "", found.status, why);
      }
      List<Transcript> all = found.transcripts;
      for (Transcript transcript : all.subList(0, Math.min(most, all.size()))) {
        out.printf(
            Locale.ROOT,
            "%9d  %14s  %14s  %s%n",
            n,
            PathReport.number(transcript.logProbability()),
            PathReport.number(transcript.score()),
            transcript.text());
      }
    }
  }
}
