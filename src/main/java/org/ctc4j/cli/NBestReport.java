package org.ctc4j.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.ctc4j.CtcStatus;
import org.ctc4j.cli.output.JsonObject;
import org.ctc4j.cli.output.TimedUtterance;
import org.ctc4j.cli.output.UtteranceJson;
import org.ctc4j.text.ErrorCounts;
import org.ctc4j.text.Transcript;

/** What {@code ctc decode --beam} says. */
record NBestReport(List<NBest> utterances) {
  /**
   * What was found of an utterance.
   *
   * @param reason why there is no output; null if there is one
   * @param transcripts the best first
   */
  record NBest(
      int number, String name, CtcStatus status, String reason, List<Transcript> transcripts) {
    /** Of the best output; none if there is none. */
    int[] labels() {
      return transcripts.isEmpty() ? new int[0] : transcripts.get(0).best().labels();
    }

    private void write(JsonGenerator json, UtteranceJson fields, List<TimedUtterance> timed)
        throws IOException {
      json.writeNumberField("utterance", number);
      json.writeStringField("name", name);
      json.writeStringField("status", status.name());
      if (reason != null) {
        json.writeStringField("reason", reason);
      }
      Iterator<TimedUtterance> times = timed.iterator();
      List<Transcript> some = transcripts.subList(0, Math.min(timed.size(), transcripts.size()));
      JsonObject.array(
          json,
          "outputs",
          some,
          transcript -> {
            fields.writeText(json, times.next());
            json.writeNumberField("log_probability", transcript.best().logProbability());
            json.writeNumberField("score", transcript.best().score());
            json.writeNumberField("added", transcript.best().added());
            json.writeNumberField("text_log_probability", transcript.logProbability());
          });
    }
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
      Map<String, ErrorCounts> errors) {
    out.println(
        JsonObject.text(
            json -> {
              naming.write(json);
              Iterator<List<TimedUtterance>> times = timed.iterator();
              JsonObject.array(
                  json, "utterances", utterances, each -> each.write(json, fields, times.next()));
              References.write(errors, json);
            }));
  }

  /**
   * A line for each output.
   *
   * @param most how many of an utterance
   */
  void printTable(PrintWriter out, int most) {
    out.printf("%9s  %14s  %14s  %s%n", "utterance", "ln p(text)", "score", "text");
    for (NBest found : utterances) {
      if (found.transcripts.isEmpty()) {
        String why = found.reason == null ? "" : ": " + found.reason;
        out.printf(Locale.ROOT, "%9d  %14s  %14s  %s%s%n", found.number, "", "", found.status, why);
      }
      List<Transcript> all = found.transcripts;
      for (Transcript transcript : all.subList(0, Math.min(most, all.size()))) {
        out.printf(
            Locale.ROOT,
            "%9d  %14s  %14s  %s%n",
            found.number,
            PathReport.number(transcript.logProbability()),
            PathReport.number(transcript.score()),
            PlainWriter.oneLine(transcript.text()));
      }
    }
  }
}
