package org.ctc4j.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.ctc4j.CtcHypothesis;
import org.ctc4j.CtcNBest;
import org.ctc4j.CtcPath;

/** What {@code ctc decode --beam} says. */
final class NBestReport {
  private final List<CtcNBest> results;
  private final Tokens tokens;

  NBestReport(List<CtcNBest> results, Tokens tokens) {
    this.results = results;
    this.tokens = tokens;
  }

  /**
   * One object on one line; each output has what an utterance of a greedy search has.
   *
   * @param aligned the best paths of each utterance's outputs
   * @param frameShift seconds, or null if not known
   */
  void printJson(PrintWriter out, List<List<CtcPath>> aligned, Double frameShift)
      throws IOException {
    StringWriter text = new StringWriter();
    LabelJson labels = new LabelJson(tokens, frameShift);
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.writeStartObject();
      labels.writeFrameShift(json);
      json.writeArrayFieldStart("utterances");
      for (int n = 0; n < results.size(); n++) {
        json.writeStartObject();
        json.writeNumberField("utterance", n);
        json.writeStringField("status", results.get(n).status().name());
        json.writeArrayFieldStart("outputs");
        for (int k = 0; k < aligned.get(n).size(); k++) {
          CtcHypothesis hypothesis = results.get(n).hypotheses().get(k);
          json.writeStartObject();
          labels.write(json, aligned.get(n).get(k));
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
