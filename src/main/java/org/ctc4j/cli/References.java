package org.ctc4j.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.ctc4j.InvalidInputException;
import org.ctc4j.text.ErrorCounts;
import org.ctc4j.text.TokenRole;
import org.ctc4j.text.Vocabulary;

/**
 * What was said, and how far what was decoded is from it.
 *
 * @param texts of the utterances, or null where classes have no names
 * @param labels of the utterances, or null where the vocabulary cannot spell the texts
 */
record References(List<String> texts, List<int[]> labels) {
  /**
   * Texts of a file.
   *
   * @param names of the utterances
   */
  static References of(Path file, List<String> names, Vocabulary vocabulary, PrintWriter err)
      throws IOException {
    List<String> texts =
        Transcripts.read(file, names).stream().map(vocabulary::normalised).toList();
    try {
      return new References(texts, texts.stream().map(vocabulary::encode).toList());
    } catch (InvalidInputException e) {
      Messages.note(err, "no label error rate: %s: %s".formatted(file, e.getMessage()));
      return new References(texts, null);
    }
  }

  /** The targets of a batch; null, and a note, if they cannot be some. */
  static References of(BatchFile file, Naming naming, PrintWriter err) {
    Vocabulary vocabulary = naming.vocabulary();
    List<int[]> labels = new ArrayList<>();
    for (int n = 0; n < file.batch().utterances(); n++) {
      int[] target = Explanation.target(file.batch(), n);
      for (int label : target) {
        if (label < 0 || label >= vocabulary.size() || vocabulary.role(label) == TokenRole.BLANK) {
          Messages.note(
              err,
              "%s: targets are no references: utterance %d has label %d, expected a class in [0, %d) that is not the blank"
                  .formatted(file.name(), n, label, vocabulary.size()));
          return null;
        }
      }
      labels.add(target);
    }
    return new References(
        naming.areNamed() ? labels.stream().map(vocabulary::text).toList() : null, labels);
  }

  /** Error rates over all utterances, by what is counted. */
  Map<String, ErrorCounts> errors(List<int[]> decoded, Vocabulary vocabulary) {
    Map<String, ErrorCounts> errors = new LinkedHashMap<>();
    if (texts != null) {
      List<String> said = decoded.stream().map(vocabulary::text).toList();
      if (vocabulary.hasWords()) {
        errors.put("word", ErrorCounts.words(texts, said));
      }
      errors.put("character", ErrorCounts.characters(texts, said));
    }
    if (labels != null) {
      errors.put("label", ErrorCounts.labels(labels, decoded));
    }
    return errors;
  }

  static void print(Map<String, ErrorCounts> errors, PrintWriter out) {
    errors.forEach(
        (unit, counts) ->
            out.printf(
                Locale.ROOT,
                "%s error rate %.2f %%: %d substitutions, %d insertions, %d deletions, %d in the references%n",
                unit,
                100 * counts.rate(),
                counts.substitutions(),
                counts.insertions(),
                counts.deletions(),
                counts.total()));
  }

  /** A field "errors", where there are references. */
  static void write(Map<String, ErrorCounts> errors, JsonGenerator json) throws IOException {
    if (errors.isEmpty()) {
      return;
    }
    json.writeObjectFieldStart("errors");
    for (Map.Entry<String, ErrorCounts> entry : errors.entrySet()) {
      ErrorCounts counts = entry.getValue();
      json.writeObjectFieldStart(entry.getKey());
      json.writeNumberField("rate", counts.rate());
      json.writeNumberField("substitutions", counts.substitutions());
      json.writeNumberField("insertions", counts.insertions());
      json.writeNumberField("deletions", counts.deletions());
      json.writeNumberField("total", counts.total());
      json.writeEndObject();
    }
    json.writeEndObject();
  }
}
