package org.ctc4j.cli.output;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.List;

/** JSON Lines: an object a line, an utterance each. */
public final class JsonLinesFormat implements TimeFormat {
  private final UtteranceJson fields;

  public JsonLinesFormat(UtteranceJson fields) {
    this.fields = fields;
  }

  @Override
  public String name() {
    return "JSON Lines";
  }

  /** Says of an utterance without a path why it has none. */
  @Override
  public String objection(TimedUtterance utterance) {
    return null;
  }

  @Override
  public String write(List<TimedUtterance> utterances) {
    StringWriter lines = new StringWriter();
    for (TimedUtterance utterance : utterances) {
      try (JsonGenerator json = new JsonFactory().createGenerator(lines)) {
        fields.write(json, utterance);
      } catch (IOException e) {
        throw new UncheckedIOException(e); // not to a string
      }
      lines.append('\n');
    }
    return lines.toString();
  }
}
