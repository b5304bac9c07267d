package org.ctc4j.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.ctc4j.io.NpzReader;

/**
 * The real speech that ships in the jar; {@code sample/NOTICE.txt} tells its origin and licence.
 */
final class Sample {
  static final String NAME = "sample (real speech)";

  private Sample() {}

  static NpzReader open() throws IOException {
    try (InputStream in = resource("speech.npz")) {
      return NpzReader.open(NAME, in.readAllBytes());
    }
  }

  /** What was said in each utterance. */
  static List<String> transcripts() throws IOException {
    List<String> transcripts = new ArrayList<>();
    try (InputStream in = resource("speech.json");
        JsonParser json = new JsonFactory().createParser(in)) {
      while (json.nextToken() != null) {
        if (json.currentToken() == JsonToken.FIELD_NAME
            && json.currentName().equals("transcript")) {
          transcripts.add(json.nextTextValue());
        }
      }
    }
    return transcripts;
  }

  private static InputStream resource(String name) {
    return Sample.class.getResourceAsStream("sample/" + name);
  }
}
