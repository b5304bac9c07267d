package org.ctc4j.text;

import java.io.Serializable;
import org.ctc4j.InvalidInputException;

/**
 * What is known of a vocabulary before it is read. Immutable; start from {@link #DEFAULT} and
 * change what differs:
 *
 * <pre>{@code VocabularyOptions.DEFAULT.withFormat(VocabularyFormat.NEMO).withClasses(1025)}</pre>
 *
 * @param format or null: recognised from what the file holds
 * @param classes C, of the logits, blank included: another number of tokens is refused; or {@link
 *     #UNKNOWN}
 * @param blank class index, or {@link #UNKNOWN}: what the file or its format calls the blank
 * @param language which of several vocabularies in one file, or null: the only one
 */
public record VocabularyOptions(VocabularyFormat format, int classes, int blank, String language)
    implements Serializable {
  public static final int UNKNOWN = -1;

  /** Nothing is known. */
  public static final VocabularyOptions DEFAULT =
      new VocabularyOptions(null, UNKNOWN, UNKNOWN, null);

  public VocabularyOptions {
    if (classes != UNKNOWN && classes < 1) {
      throw new InvalidInputException("classes: expected 1 or more, got " + classes);
    }
    if (blank != UNKNOWN && (blank < 0 || classes != UNKNOWN && blank >= classes)) {
      throw new InvalidInputException(
          "blank: expected a class index in [0, %s), got %d"
              .formatted(classes == UNKNOWN ? "C" : classes, blank));
    }
  }

  public VocabularyOptions withFormat(VocabularyFormat value) {
    return new VocabularyOptions(value, classes, blank, language);
  }

  public VocabularyOptions withClasses(int value) {
    return new VocabularyOptions(format, value, blank, language);
  }

  public VocabularyOptions withBlank(int value) {
    return new VocabularyOptions(format, classes, value, language);
  }

  public VocabularyOptions withLanguage(String value) {
    return new VocabularyOptions(format, classes, blank, value);
  }
}
