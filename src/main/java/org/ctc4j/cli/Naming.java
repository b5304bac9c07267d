package org.ctc4j.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import org.ctc4j.text.Vocabulary;

/**
 * What labels are called and when they are.
 *
 * @param vocabulary the names of all classes
 * @param areNamed whether these are names, and not only class numbers
 * @param frameShift seconds from one frame to the next, or null if not known
 */
record Naming(Vocabulary vocabulary, boolean areNamed, Double frameShift) {

  /** Fields of the outermost object: how tokens were read and how long a frame is, if known. */
  void write(JsonGenerator json) throws IOException {
    if (areNamed) {
      json.writeStringField("token_format", vocabulary.format().name());
    }
    if (frameShift != null) {
      json.writeNumberField("frame_shift", frameShift);
    }
  }
}
