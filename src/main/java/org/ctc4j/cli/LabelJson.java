package org.ctc4j.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import org.ctc4j.CtcPath;
import org.ctc4j.LabelSpan;
import org.ctc4j.text.Vocabulary;

/** What a path says and when, as fields of a JSON object. */
final class LabelJson {
  private final Naming naming;
  private final Vocabulary vocabulary;
  private final Double frameShift; // or null

  LabelJson(Naming naming) {
    this.naming = naming;
    this.vocabulary = naming.vocabulary();
    this.frameShift = naming.frameShift();
  }

  /** Once, in the outermost object: how tokens were read and how long a frame is, if known. */
  void writeHead(JsonGenerator json) throws IOException {
    if (naming.areNamed()) {
      json.writeStringField("token_format", vocabulary.format().name());
    }
    if (frameShift != null) {
      json.writeNumberField("frame_shift", frameShift);
    }
  }

  /** Text, words if the tokens make any, and labels. */
  void write(JsonGenerator json, CtcPath path) throws IOException {
    json.writeStringField("text", vocabulary.text(path.labels()));
    if (vocabulary.hasWords()) {
      json.writeArrayFieldStart("words");
      for (TimedText word : TimedText.words(path, vocabulary)) {
        json.writeStartObject();
        json.writeStringField("word", word.text());
        writeTimes(json, word.start(), word.end(), word.confidence());
        json.writeEndObject();
      }
      json.writeEndArray();
    }
    json.writeArrayFieldStart("labels");
    for (LabelSpan span : path.spans()) {
      json.writeStartObject();
      json.writeStringField("token", vocabulary.token(span.label()));
      json.writeNumberField("label", span.label());
      writeTimes(json, span.start(), span.end(), span.confidence());
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private void writeTimes(JsonGenerator json, int start, int end, double confidence)
      throws IOException {
    json.writeNumberField("start", start);
    json.writeNumberField("end", end);
    if (frameShift != null) {
      json.writeNumberField("start_seconds", start * frameShift);
      json.writeNumberField("end_seconds", end * frameShift);
    }
    json.writeNumberField("confidence", confidence);
  }
}
