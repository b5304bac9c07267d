package org.ctc4j.cli.output;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;

/** Objects of JSON. */
public final class JsonObject {
  /** Writes the fields of one. */
  public interface Fields<T> {
    void write(T of) throws IOException;
  }

  private JsonObject() {}

  /** On one line; infinities and NaN are the strings "Infinity", "-Infinity", "NaN". */
  public static String text(Fields<JsonGenerator> fields) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.writeStartObject();
      fields.write(json);
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e); // not to a string
    }
    return text.toString();
  }

  /** A field that is an array of strings. */
  public static void array(JsonGenerator json, String name, String... strings) throws IOException {
    json.writeFieldName(name);
    json.writeArray(strings, 0, strings.length);
  }

  /** A field that is an array of them. */
  public static <T> void array(JsonGenerator json, String name, Iterable<T> items, Fields<T> fields)
      throws IOException {
    json.writeArrayFieldStart(name);
    for (T item : items) {
      json.writeStartObject();
      fields.write(item);
      json.writeEndObject();
    }
    json.writeEndArray();
  }
}
