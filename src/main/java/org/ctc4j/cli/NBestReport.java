package org.ctc4j.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.ctc4j.CtcPath;
import org.ctc4j.CtcStatus;
import org.ctc4j.text.ErrorCounts;
import org.ctc4j.text.Transcript;

/** What {@code ctc decode --beam} says. */
final class NBestReport {
  private final List<CtcStatus> statuses;
  private final List<List<Transcript>> transcripts;

  /**
   * @param transcripts of each utterance, the best first
   */
  NBestReport(List<CtcStatus> statuses, List<List<Transcript>> transcripts) {
    this.statuses = statuses;
    this.transcripts = transcripts;
  }

  /**
   * One object on one line; each output has what an utterance of a greedy search has. Of all labels
   * that say a text they are the best ones.
   *
   * @param aligned the best paths of each utterance's outputs
   * @param errors empty without references
   */
  void printJson(
      PrintWriter out, List<List<CtcPath>> aligned, Naming naming, Map<String, ErrorCounts> errors)
      throws IOException {
    StringWriter text = new StringWriter();
    LabelJson labels = new LabelJson(naming);
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.writeStartObject();
      labels.writeHead(json);
      json.writeArrayFieldStart("utterances");
      for (int n = 0; n < statuses.size(); n++) {
        json.writeStartObject();
        json.writeNumberField("utterance", n);
        json.writeStringField("status", statuses.get(n).name());
        json.writeArrayFieldStart("outputs");
        for (int k = 0; k < aligned.get(n).size(); k++) {
          Transcript transcript = transcripts.get(n).get(k);
          json.writeStartObject();
          labels.write(json, aligned.get(n).get(k));
          json.writeNumberField("log_probability", transcript.best().logProbability());
          json.writeNumberField("score", transcript.best().score());
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

  /** A line for each output. */
  void printTable(PrintWriter out) {
    out.printf("%9s  %14s  %14s  %s%n", "utterance", "ln p(text)", "score", "text");
    for (int n = 0; n < statuses.size(); n++) {
      if (transcripts.get(n).isEmpty()) {
        out.printf(Locale.ROOT, "%9d  %14s  %14s  %s%n", n, "", "", statuses.get(n));
      }
      for (Transcript transcript : transcripts.get(n)) {
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
