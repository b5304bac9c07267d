package org.ctc4j.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.stream.IntStream;
import org.ctc4j.LabelSpan;
import org.ctc4j.cli.output.JsonObject;
import org.ctc4j.cli.output.TimedText;

/**
 * The page of {@link ExplainPicture} in numbers.
 *
 * @param utterance number in its batch
 * @param frameShift seconds, or null
 */
record ExplainJson(Explanation e, int utterance, Double frameShift) {
  /** One object on one line. Arrays over time have a row for each frame. */
  void print(PrintWriter out) {
    out.println(JsonObject.text(this::write));
  }

  private void write(JsonGenerator json) throws IOException {
    json.writeNumberField("utterance", utterance);
    json.writeStringField("text", e.title());
    if (frameShift != null) {
      json.writeNumberField("frame_shift", frameShift);
    }
    json.writeNumberField("first_frame", e.window().from());
    json.writeNumberField("frames", e.frames());
    json.writeNumberField("loss", e.sum().loss());
    if (!e.isOpen()) {
      json.writeStringField(
          "paths", e.sum().paths().toString()); // more than a number of JSON's holds
    }
    json.writeNumberField("log_probability", e.path().logProbability());
    JsonObject.array(json, "rows", e.classes().names());
    JsonObject.array(json, "states", e.states().names());
    JsonObject.array(json, "other", e.classes().otherNames());
    write(json, "probability", e.classes().probability());
    write(json, "posterior", e.states().posterior());
    write(json, "gradient", e.classes().gradient());
    json.writeFieldName("path");
    json.writeArray(IntStream.range(0, e.frames()).map(e.path()::state).toArray(), 0, e.frames());
    JsonObject.array(json, "labels", e.path().spans(), span -> write(json, span));
    if (e.isOpen()) {
      JsonObject.array(json, "wildcards", e.best().tiers().wildcards(), item -> write(json, item));
      json.writeFieldName("skipped");
      int[] skipped = e.path().skipped();
      json.writeArray(skipped, 0, skipped.length);
    }
  }

  private void write(JsonGenerator json, LabelSpan span) throws IOException {
    json.writeStringField("token", e.pathName(span.start()));
    json.writeNumberField("label", span.label());
    json.writeNumberField("start", e.window().from() + span.start());
    json.writeNumberField("end", e.window().from() + span.end());
    json.writeNumberField("confidence", span.confidence());
  }

  private void write(JsonGenerator json, TimedText wildcard) throws IOException {
    json.writeStringField("took", wildcard.text());
    json.writeNumberField("start", e.window().from() + wildcard.start());
    json.writeNumberField("end", e.window().from() + wildcard.end());
    json.writeNumberField("confidence", wildcard.trust().confidence());
  }

  private static void write(JsonGenerator json, String name, double[][] rows) throws IOException {
    json.writeArrayFieldStart(name);
    for (double[] row : rows) {
      json.writeArray(row, 0, row.length);
    }
    json.writeEndArray();
  }
}
