package org.ctc4j.cli.output;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;
import org.ctc4j.CtcPath;

/**
 * What an utterance says and when, as fields of a JSON object.
 *
 * @param frameShift seconds from one frame to the next; null if nobody said
 * @param boxes null for none
 */
public record UtteranceJson(Double frameShift, LineBoxes boxes) {
  /** All fields: what there is to say of the path, its text and the path itself. */
  public void write(JsonGenerator json, TimedUtterance utterance) throws IOException {
    CtcPath path = utterance.path();
    json.writeNumberField("utterance", utterance.number());
    json.writeStringField("name", utterance.name());
    json.writeStringField("status", path.status().name());
    if (utterance.reason() != null) {
      json.writeStringField("reason", utterance.reason());
    }
    json.writeNumberField("log_probability", path.logProbability());
    writeText(json, utterance);
    json.writeFieldName("path");
    json.writeArray(
        IntStream.range(0, path.frames()).map(path::symbol).toArray(), 0, path.frames());
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
    JsonObject.array(
        json,
        "labels",
        utterance.tiers().labels(),
        label -> {
          json.writeStringField("token", label.text());
          json.writeNumberField("label", utterance.path().symbol(label.start()));
          writeTimes(json, utterance, label);
        });
  }

  private void writeItems(
      JsonGenerator json,
      String array,
      String text,
      TimedUtterance utterance,
      List<TimedText> items)
      throws IOException {
    JsonObject.array(
        json,
        array,
        items,
        item -> {
          json.writeStringField(text, item.text());
          writeTimes(json, utterance, item);
        });
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
