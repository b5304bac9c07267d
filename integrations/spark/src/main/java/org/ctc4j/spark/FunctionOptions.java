package org.ctc4j.spark;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.ctc4j.Backend;
import org.ctc4j.BeamOptions;
import org.ctc4j.CtcOptions;
import org.ctc4j.ElementType;
import org.ctc4j.InputKind;
import org.ctc4j.InvalidInputException;
import org.ctc4j.text.Vocabulary;

/**
 * The options of an SQL function, names and values as strings.
 *
 * @param type of binary logits
 * @param work without outputs
 */
record FunctionOptions(ElementType type, Work work) {
  private static final Set<String> NAMES =
      new TreeSet<>(
          List.of("blank", "input", "type", "vocabulary", "beam_width", "backend", "fallback"));

  /**
   * @throws InvalidInputException if a name or a value is none that there is, or the file of the
   *     vocabulary cannot be read here, on the driver
   */
  static FunctionOptions of(Map<String, String> options) {
    List<String> unknown = new ArrayList<>(options.keySet());
    unknown.removeAll(NAMES);
    if (!unknown.isEmpty()) {
      throw new InvalidInputException(
          "options: expected names of %s, got %s".formatted(NAMES, unknown));
    }
    String file = options.get("vocabulary");
    Vocabulary vocabulary = file == null ? null : vocabulary(file);
    int blank = vocabulary == null ? 0 : vocabulary.blank().orElse(0);
    if (options.containsKey("blank")) {
      blank = integer("blank", options.get("blank"));
    }
    InputKind input = constant("input", options.get("input"), InputKind.values(), InputKind.LOGITS);
    ElementType type =
        constant("type", options.get("type"), ElementType.values(), ElementType.FLOAT32);
    String width = options.get("beam_width");
    BeamOptions beam = BeamOptions.DEFAULT;
    beam = width == null ? beam : beam.withBeamWidth(integer("beam_width", width));
    Backend backend = constant("backend", options.get("backend"), Backend.values(), null);
    EngineChoice engine = new EngineChoice(backend, isTrue("fallback", options.get("fallback")));
    CtcOptions ctc = CtcOptions.DEFAULT.withBlank(blank).withInput(input);
    return new FunctionOptions(type, new Work(Set.of(), ctc, vocabulary, beam, engine));
  }

  private static Vocabulary vocabulary(String file) {
    try {
      return Vocabulary.read(Path.of(file));
    } catch (IOException e) {
      throw new InvalidInputException("vocabulary: cannot be read: " + e);
    }
  }

  private static int integer(String name, String value) {
    try {
      return Integer.parseInt(value);
    } catch (NumberFormatException e) {
      throw new InvalidInputException("%s: expected a number, got '%s'".formatted(name, value));
    }
  }

  private static boolean isTrue(String name, String value) {
    if (value != null && !value.equals("true") && !value.equals("false")) {
      throw new InvalidInputException(
          "%s: expected true or false, got '%s'".formatted(name, value));
    }
    return "true".equals(value);
  }

  private static <E extends Enum<E>> E constant(String name, String value, E[] all, E orElse) {
    if (value == null) {
      return orElse;
    }
    for (E each : all) {
      if (each.name().equalsIgnoreCase(value)) {
        return each;
      }
    }
    throw new InvalidInputException(
        "%s: expected one of %s, got '%s'"
            .formatted(name, Arrays.toString(all).toLowerCase(Locale.ROOT), value));
  }
}
