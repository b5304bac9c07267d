package org.ctc4j.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.ctc4j.LabelSpan;

/** The page of {@link ExplainPicture} in numbers. */
final class ExplainJson {
  private final Explanation e;
  private final int utterance;
  private final Double frameShift; // or null

  /**
   * @param utterance number in its batch
   * @param frameShift seconds, or null
   */
  ExplainJson(Explanation explanation, int utterance, Double frameShift) {
    this.e = explanation;
    this.utterance = utterance;
    this.frameShift = frameShift;
  }

  /** One object on one line. Arrays over time have a row for each frame. */
  void print(PrintWriter out) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.writeStartObject();
      json.writeNumberField("utterance", utterance);
      json.writeStringField("text", e.title());
      if (frameShift != null) {
        json.writeNumberField("frame_shift", frameShift);
      }
      json.writeNumberField("first_frame", e.window().from());
      json.writeNumberField("frames", e.frames());
      json.writeNumberField("loss", e.sum().loss());
      json.writeStringField(
          "paths", e.sum().paths().toString()); // more than a number of JSON's holds
      json.writeNumberField("log_probability", e.path().logProbability());
      write(json, "rows", e.classes().names());
      write(json, "states", e.states().names());
      write(json, "other", e.classes().otherNames());
      write(json, "probability", e.classes().probability());
      write(json, "posterior", e.states().posterior());
      write(json, "gradient", e.classes().gradient());
      writePath(json);
      json.writeEndObject();
    }
    out.println(text);
  }

  private void writePath(JsonGenerator json) throws IOException {
    json.writeArrayFieldStart("path");
    for (int t = 0; t < e.frames(); t++) {
      json.writeNumber(e.path().state(t));
    }
    json.writeEndArray();
    json.writeArrayFieldStart("labels");
    for (LabelSpan span : e.path().spans()) {
      json.writeStartObject();
      json.writeStringField("token", e.pathName(span.start()));
      json.writeNumberField("label", span.label());
      json.writeNumberField("start", e.window().from() + span.start());
      json.writeNumberField("end", e.window().from() + span.end());
      json.writeNumberField("confidence", span.confidence());
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private static void write(JsonGenerator json, String name, String[] strings) throws IOException {
    json.writeFieldName(name);
    json.writeArray(strings, 0, strings.length);
  }

  private static void write(JsonGenerator json, String name, double[][] rows) throws IOException {
    json.writeArrayFieldStart(name);
    for (double[] row : rows) {
      json.writeArray(row, 0, row.length);
    }
    json.writeEndArray();
  }
}
