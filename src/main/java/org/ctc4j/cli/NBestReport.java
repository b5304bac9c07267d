package org.ctc4j.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.ctc4j.CtcHypothesis;
import org.ctc4j.CtcNBest;

/** What {@code ctc decode --beam} says. */
final class NBestReport {
  private final List<CtcNBest> results;
  private final Tokens tokens;

  NBestReport(List<CtcNBest> results, Tokens tokens) {
    this.results = results;
    this.tokens = tokens;
  }

  /** One object on one line. */
  void printJson(PrintWriter out) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.writeStartObject();
      json.writeArrayFieldStart("utterances");
      for (CtcNBest result : results) {
        json.writeStartObject();
        json.writeStringField("status", result.status().name());
        json.writeArrayFieldStart("outputs");
        for (CtcHypothesis hypothesis : result.hypotheses()) {
          json.writeStartObject();
          json.writeStringField("text", tokens.text(hypothesis.labels()));
          json.writeFieldName("labels");
          json.writeArray(hypothesis.labels(), 0, hypothesis.labels().length);
          json.writeNumberField("log_probability", hypothesis.logProbability());
          json.writeNumberField("score", hypothesis.score());
          json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    out.println(text);
  }

  /** A line for each output. */
  void printTable(PrintWriter out) {
    out.printf("%9s  %14s  %14s  %s%n", "utterance", "ln p(text)", "score", "text");
    for (int n = 0; n < results.size(); n++) {
      CtcNBest result = results.get(n);
      if (result.hypotheses().isEmpty()) {
        out.printf("%9d  %14s  %14s  %s%n", n, "", "", result.status());
      }
      for (CtcHypothesis hypothesis : result.hypotheses()) {
        out.printf(
            "%9d  %14s  %14s  %s%n",
            n,
            PathReport.number(hypothesis.logProbability()),
            PathReport.number(hypothesis.score()),
            tokens.text(hypothesis.labels()));
      }
    }
  }
}
