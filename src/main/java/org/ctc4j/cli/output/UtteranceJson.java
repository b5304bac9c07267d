package org.ctc4j.cli.output;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.List;

/** What an utterance says and when, as fields of a JSON object. */
public final class UtteranceJson {
  private final Double frameShift; // or null
  private final LineBoxes boxes; // or null

  /**
   * @param frameShift seconds from one frame to the next; null if nobody said
   * @param boxes null for none
   */
  public UtteranceJson(Double frameShift, LineBoxes boxes) {
    this.frameShift = frameShift;
    this.boxes = boxes;
  }

  /** An object of its own: what there is to say of the path, its text and the path itself. */
  public void write(JsonGenerator json, TimedUtterance utterance) throws IOException {
    json.writeStartObject();
    json.writeNumberField("utterance", utterance.number());
    json.writeStringField("name", utterance.name());
    json.writeStringField("status", utterance.path().status().name());
    if (utterance.reason() != null) {
      json.writeStringField("reason", utterance.reason());
    }
    json.writeNumberField("log_probability", utterance.path().logProbability());
    writeText(json, utterance);
    json.writeArrayFieldStart("path");
    for (int t = 0; t < utterance.path().frames(); t++) {
      json.writeNumber(utterance.path().symbol(t));
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  /**
   * Text, words if the labels make any, labels, and segments if there are seconds; of a target with
   * wildcards what these took, and which of its elements have no frames.
   */
  public void writeText(JsonGenerator json, TimedUtterance utterance) throws IOException {
    json.writeStringField("text", utterance.text());
    if (utterance.tiers().words() != null) {
      writeItems(json, "words", "word", utterance, utterance.tiers().words());
    }
    writeLabels(json, utterance);
    if (utterance.tiers().segments() != null) {
      writeItems(json, "segments", "text", utterance, utterance.tiers().segments());
    }
    if (!utterance.tiers().wildcards().isEmpty()) {
      writeItems(json, "wildcards", "took", utterance, utterance.tiers().wildcards());
    }
    int[] skipped = utterance.path().skipped();
    if (skipped.length > 0) {
      json.writeFieldName("skipped");
      json.writeArray(skipped, 0, skipped.length);
    }
  }

  private void writeLabels(JsonGenerator json, TimedUtterance utterance) throws IOException {
    json.writeArrayFieldStart("labels");
    for (TimedText label : utterance.tiers().labels()) {
      json.writeStartObject();
      json.writeStringField("token", label.text());
      json.writeNumberField("label", utterance.path().symbol(label.start()));
      writeTimes(json, utterance, label);
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private void writeItems(
      JsonGenerator json,
      String array,
      String text,
      TimedUtterance utterance,
      List<TimedText> items)
      throws IOException {
    json.writeArrayFieldStart(array);
    for (TimedText item : items) {
      json.writeStartObject();
      json.writeStringField(text, item.text());
      writeTimes(json, utterance, item);
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private void writeTimes(JsonGenerator json, TimedUtterance utterance, TimedText item)
      throws IOException {
    json.writeNumberField("start", item.start());
    json.writeNumberField("end", item.end());
    if (frameShift != null) {
      json.writeNumberField("start_seconds", item.start() * frameShift);
      json.writeNumberField("end_seconds", item.end() * frameShift);
    }
    json.writeNumberField("confidence", item.trust().confidence());
    writeUnlessNaN(json, "log_ratio", item.trust().logRatio());
    writeUnlessNaN(json, "share", item.trust().share());
    if (boxes != null) {
      LineBoxes.Box box = boxes.of(utterance, item);
      json.writeNumberField("left", box.left());
      writeUnlessNaN(json, "top", box.top());
      json.writeNumberField("right", box.right());
      writeUnlessNaN(json, "bottom", box.bottom());
    }
  }

  private static void writeUnlessNaN(JsonGenerator json, String field, double value)
      throws IOException {
    if (!Double.isNaN(value)) {
      json.writeNumberField(field, value);
    }
  }
}
