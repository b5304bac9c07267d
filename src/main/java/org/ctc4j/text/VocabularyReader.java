package org.ctc4j.text;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.ctc4j.InvalidInputException;
import org.ctc4j.io.Text;

/**
 * What a vocabulary's text says. Byte order marks, carriage returns and blanks after tokens are no
 * part of it.
 */
final class VocabularyReader {
  private static final int MOST_BYTES = 1 << 27;
  private static final String BLANK = "<blank>"; // the name of one that no file has
  private static final Pattern TABLE_LINE = Pattern.compile("(\\S+| )[ \t]+(\\d{1,9})[ \t]*");
  private static final Pattern SCORED_LINE =
      Pattern.compile("([^\t]+)\t([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?|[-+]?inf)[ \t]*");
  private static final Pattern NUMBER_FIRST = Pattern.compile("(\\d{1,9})[ \t,;:]+(\\S*)[ \t]*");
  private static final Pattern NUMBER_LAST = Pattern.compile("(.+)[,;:][ \t]*(\\d{1,9})");
  private static final Pattern DISAMBIGUATION = Pattern.compile("#\\d+");

  private final String text;
  private final List<String> lines;
  private final VocabularyOptions options;
  private VocabularyFormat format;

  private VocabularyReader(String text, VocabularyOptions options) {
    this.text = text.startsWith("\ufeff") ? text.substring(1) : text;
    this.lines = this.text.lines().toList();
    this.options = options;
    this.format = options.format();
  }

  /** The tokens of all classes, and in what form they came. */
  record Tokens(List<String> list, VocabularyFormat format) {}

  static String decode(Path file) throws IOException {
    return decode(file, "tokens", MOST_BYTES);
  }

  /**
   * A file's text.
   *
   * @param what it is of
   * @param mostBytes how long it may be
   */
  static String decode(Path file, String what, int mostBytes) throws IOException {
    if (Files.isDirectory(file)) {
      throw new IOException("%s: expected a file of %s, this is a folder".formatted(file, what));
    }
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(mostBytes + 1); // a pipe has no size
      if (bytes.length > mostBytes) {
        throw new InvalidInputException(
            "%s: expected a file of %s, of %d bytes at most".formatted(file, what, mostBytes));
      }
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (NoSuchFileException e) {
      throw new NoSuchFileException(file.toString(), null, "no such file");
    } catch (CharacterCodingException e) {
      throw new InvalidInputException(file + ": expected text in UTF-8");
    }
  }

  /**
   * @param name of the file, for what ends in .json and for messages
   */
  static Tokens read(String name, String text, VocabularyOptions options) {
    try {
      VocabularyReader reader = new VocabularyReader(text, options);
      List<String> tokens = reader.tokens(name.endsWith(".json"));
      if (tokens.isEmpty()) {
        throw new InvalidInputException("expected one token a line, the file has none");
      }
      tokens = reader.withImplied(tokens);
      reader.requireClasses(tokens.size());
      return new Tokens(List.copyOf(tokens), reader.format);
    } catch (InvalidInputException e) {
      throw new InvalidInputException(Text.printable(name) + ": " + e.getMessage());
    }
  }

  private List<String> tokens(boolean isJson) {
    if (format == null) {
      Object json = isJson ? Json.parse(text) : jsonOrNull();
      if (json != null) {
        return ofJson(json);
      }
      format = recognised();
    }
    return switch (format) {
      case TABLE -> table();
      case SENTENCE_PIECE -> scored();
      case VOCAB_JSON, LANGUAGES_JSON, JSON_LIST -> ofJson(Json.parse(text));
      case DEEP_SPEECH -> alphabet();
      case NEMO ->
          isJson
              ? ofJson(Json.parse(text))
              : all(SCORED_LINE.asMatchPredicate()) ? scored() : list();
      case LINES, PADDLE_OCR -> list();
      case FAIRSEQ -> FairseqDictionary.tokens(lines);
    };
  }

  /** Null where the text is no JSON: a list of tokens may begin with a bracket. */
  private Object jsonOrNull() {
    if (!text.startsWith("{") && !text.startsWith("[")) {
      return null;
    }
    try {
      return Json.parse(text);
    } catch (InvalidInputException e) {
      return null;
    }
  }

  private VocabularyFormat recognised() {
    if (FairseqDictionary.isOne(lines)) {
      return VocabularyFormat.FAIRSEQ;
    }
    if (!text.isBlank() && all(TABLE_LINE.asMatchPredicate().or(String::isBlank))) {
      return VocabularyFormat.TABLE;
    }
    if (all(SCORED_LINE.asMatchPredicate())) {
      return VocabularyFormat.SENTENCE_PIECE;
    }
    long rows = lines.stream().filter(line -> TABLE_LINE.matcher(line).matches()).count();
    if (2 * rows > lines.size()) {
      for (int i = 0; i < lines.size(); i++) {
        parts(TABLE_LINE, i, "a token and a number as on other lines");
      }
    }
    requireNoNumbers();
    boolean comments = lines.stream().anyMatch(line -> line.startsWith("# ") || line.equals("\\#"));
    boolean counts =
        options.classes() < 0 || options.classes() == lines.stream().filter(LABEL).count() + 1;
    return comments && counts ? VocabularyFormat.DEEP_SPEECH : VocabularyFormat.LINES;
  }

  private boolean all(Predicate<String> predicate) {
    return !lines.isEmpty() && lines.stream().allMatch(predicate);
  }

  /** Refuses lines that all have their own number, where no format has it: '0 a' or 'a,0'. */
  private void requireNoNumbers() {
    if (areNumbered(NUMBER_FIRST, 1, 2) || areNumbered(NUMBER_LAST, 2, 1)) {
      throw new InvalidInputException(
          "line 1: expected a token, or a token, a blank and the number of its class, got %s; all lines have their number so"
              .formatted(Text.quote(lines.get(0))));
    }
  }

  private boolean areNumbered(Pattern pattern, int number, int token) {
    boolean isAnyToken = false;
    for (int i = 0; i < lines.size(); i++) {
      Matcher parts = pattern.matcher(lines.get(i));
      if (!parts.matches() || !parts.group(number).equals(Integer.toString(i))) {
        return false;
      }
      isAnyToken |= !parts.group(token).isEmpty();
    }
    return isAnyToken && lines.size() > 1;
  }

  /** Not a comment of DeepSpeech's. */
  private static final Predicate<String> LABEL = line -> !line.startsWith("#");

  private List<String> alphabet() {
    return IntStream.range(0, lines.size())
        .filter(i -> LABEL.test(lines.get(i)))
        .mapToObj(i -> lines.get(i).equals("\\#") ? "#" : token(i))
        .toList();
  }

  private List<String> list() {
    return IntStream.range(0, lines.size()).mapToObj(this::token).toList();
  }

  /** What line i says, without blanks after it; a line of blanks alone is the space. */
  private String token(int i) {
    String line = lines.get(i);
    if (line.isEmpty() && format != VocabularyFormat.PADDLE_OCR) {
      throw new InvalidInputException("line %d is empty, expected a token".formatted(i + 1));
    }
    int end = line.length();
    while (end > 0 && (line.charAt(end - 1) == ' ' || line.charAt(end - 1) == '\t')) {
      end--;
    }
    return end == 0 && !line.isEmpty() ? " " : line.substring(0, end);
  }

  private List<String> scored() {
    return IntStream.range(0, lines.size())
        .mapToObj(i -> parts(SCORED_LINE, i, "a piece, a tab and its score").group(1))
        .toList();
  }

  private List<String> table() {
    Map<Integer, String> byClass = new HashMap<>();
    List<Matcher> rows = new ArrayList<>();
    int named = 0;
    for (int i = 0; i < lines.size(); i++) {
      if (!lines.get(i).isBlank()) {
        Matcher row = parts(TABLE_LINE, i, "a token and the number of its class");
        rows.add(row);
        named += DISAMBIGUATION.matcher(row.group(1)).matches() ? 0 : 1;
      }
    }
    int classes = options.classes() < 0 ? named : options.classes();
    for (Matcher row : rows) {
      int number = Integer.parseInt(row.group(2));
      if (number < classes || !DISAMBIGUATION.matcher(row.group(1)).matches()) {
        put(byClass, number, row.group(1));
      }
    }
    return inOrder(byClass);
  }

  private Matcher parts(Pattern pattern, int i, String expected) {
    Matcher parts = pattern.matcher(lines.get(i));
    if (!parts.matches()) {
      throw new InvalidInputException(
          "line %d: expected %s, got %s".formatted(i + 1, expected, Text.quote(lines.get(i))));
    }
    return parts;
  }

  private List<String> ofJson(Object json) {
    Object value = json instanceof Json.Members members ? labelsIn(members).orElse(json) : json;
    if (value instanceof List<?> list) {
      require(VocabularyFormat.JSON_LIST);
      return strings(list);
    }
    if (!(value instanceof Json.Members object)) {
      throw new InvalidInputException(
          "expected a JSON object of tokens and classes, or a list of tokens");
    }
    boolean nested =
        !object.list().isEmpty()
            && object.list().stream().allMatch(m -> m.value() instanceof Json.Members);
    require(nested ? VocabularyFormat.LANGUAGES_JSON : VocabularyFormat.VOCAB_JSON);
    return classes(nested ? ofLanguage(object) : object);
  }

  /** What the list is that an object of pyctcdecode's holds. */
  private static Optional<Object> labelsIn(Json.Members object) {
    return object.list().stream()
        .filter(m -> m.name().equals("labels") && m.value() instanceof List<?>)
        .map(Json.Member::value)
        .findFirst();
  }

  private void require(VocabularyFormat found) {
    boolean isList = found == VocabularyFormat.JSON_LIST;
    if (format == null) {
      format = found;
    } else if (format != found && !(isList && format == VocabularyFormat.NEMO)) {
      throw new InvalidInputException("expected %s, got %s".formatted(format, found));
    }
  }

  private static List<String> strings(List<?> list) {
    List<String> tokens = new ArrayList<>();
    for (Object token : list) {
      if (!(token instanceof String string)) {
        throw new InvalidInputException(
            "expected a JSON object of tokens and classes, or a list of tokens; position %d of the list is no string"
                .formatted(tokens.size()));
      }
      tokens.add(string);
    }
    return tokens;
  }

  private Json.Members ofLanguage(Json.Members languages) {
    List<Json.Member> list = languages.list();
    String wanted =
        options.language() == null && list.size() == 1 ? list.get(0).name() : options.language();
    for (Json.Member language : list) {
      if (language.name().equals(wanted)) {
        return (Json.Members) language.value();
      }
    }
    String names = list.stream().map(Json.Member::name).collect(Collectors.joining(", "));
    throw new InvalidInputException(
        "has vocabularies of %d languages, expected one of them to be named, got %s; there are %s"
            .formatted(
                list.size(), wanted == null ? "none" : Text.quote(wanted), Text.brief(names)));
  }

  private static List<String> classes(Json.Members object) {
    Map<Integer, String> byClass = new HashMap<>();
    for (Json.Member member : object.list()) {
      if (!(member.value() instanceof Long number && number >= 0 && number <= Integer.MAX_VALUE)) {
        Object value = member.value();
        String came =
            value instanceof String || value instanceof Number
                ? Text.brief(value.toString())
                : "no number";
        throw new InvalidInputException(
            "token %s has %s, expected the number of its class"
                .formatted(Text.quote(member.name()), came));
      }
      int c = number.intValue();
      String before = byClass.get(c);
      boolean isSpaceTwice =
          "|".equals(before) && member.name().equals(" ")
              || " ".equals(before) && member.name().equals("|");
      if (isSpaceTwice) {
        byClass.put(c, "|"); // vocab["|"] = vocab[" "], and the latter left in
      } else {
        put(byClass, c, member.name());
      }
    }
    return inOrder(byClass);
  }

  private static void put(Map<Integer, String> byClass, int number, String token) {
    String before = byClass.put(number, token);
    if (before != null) {
      throw new InvalidInputException(
          "tokens %s and %s have the same class, %d"
              .formatted(Text.quote(before), Text.quote(token), number));
    }
  }

  private static List<String> inOrder(Map<Integer, String> byClass) {
    String[] tokens = new String[byClass.size()];
    for (int c = 0; c < tokens.length; c++) {
      tokens[c] = byClass.get(c);
      if (tokens[c] == null) {
        throw new InvalidInputException(
            "%d tokens, but none has class %d; expected classes 0 to %d, each once"
                .formatted(tokens.length, c, tokens.length - 1));
      }
    }
    return Arrays.asList(tokens);
  }

  /** With the classes that the file does not have. */
  private List<String> withImplied(List<String> tokens) {
    if (options.format() == null && impliedBy(tokens) != null) {
      format = impliedBy(tokens);
    }
    List<String> all = new ArrayList<>(tokens);
    if (format == VocabularyFormat.PADDLE_OCR) {
      all.add(0, BLANK);
      if (options.classes() != all.size()) {
        all.add(" ");
      }
    } else if (format == VocabularyFormat.FAIRSEQ) {
      all.addAll(0, FairseqDictionary.BEFORE);
    } else if (format.impliesBlank()) {
      all.add(BLANK);
    }
    return all;
  }

  /**
   * Null where no format has just the classes that are missing, or nothing says which. One class is
   * missing in lists of NeMo and of PaddleOCR alike: the blank that was asked for tells them apart,
   * if it is the last. Two are missing in PaddleOCR's alone.
   */
  private VocabularyFormat impliedBy(List<String> tokens) {
    int missing = options.classes() - tokens.size();
    int blank = TokenNames.blank(tokens, format);
    boolean isNamed = blank >= 0 && !TokenNames.isPadding(tokens.get(blank));
    boolean isList =
        format == VocabularyFormat.LINES
            || format == VocabularyFormat.SENTENCE_PIECE
            || format == VocabularyFormat.JSON_LIST;
    if (options.classes() < 0 || isNamed || !isList) {
      return null;
    }
    if (missing == 1 && options.blank() == tokens.size()) {
      return VocabularyFormat.NEMO;
    }
    boolean isDictionary = format == VocabularyFormat.LINES && missing == 2 && options.blank() <= 0;
    return isDictionary ? VocabularyFormat.PADDLE_OCR : null;
  }

  private void requireClasses(int count) {
    if (options.classes() >= 0 && count != options.classes()) {
      boolean mayBeImplied = count == options.classes() - 1 && !format.impliesBlank();
      throw new InvalidInputException(
          "expected %d tokens, one for each class of the logits, the blank included, got %d%s"
              .formatted(
                  options.classes(),
                  count,
                  mayBeImplied
                      ? "; formats NEMO, DEEP_SPEECH and PADDLE_OCR add a blank"
                      : options.format() == null ? " (read as " + format + ")" : ""));
    }
  }
}
