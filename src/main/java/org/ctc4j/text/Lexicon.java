package org.ctc4j.text;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.ctc4j.InvalidInputException;
import org.ctc4j.io.Text;

/**
 * The words that a search may find, and what spells them: any tokens whose text is the word's, or
 * given sequences of tokens, several for a word where it has several. Immutable, thread-safe.
 */
public final class Lexicon {
  private static final int MOST_BYTES = 1 << 29;
  private static final Pattern VARIANT = Pattern.compile("(.+)\\(\\d+\\)");

  final Vocabulary vocabulary;
  final List<String> words; // of each spelling, in lexicographic order of these
  final int[][] spellings;
  final int[][][] symbols; // of each label, by its parts: what spellings are made of

  private record Entry(String word, int[] spelling) {}

  private Lexicon(Vocabulary vocabulary, List<Entry> entries, int[][][] symbols) {
    if (!vocabulary.hasWords()) {
      throw new InvalidInputException(
          "lexicon: nothing among the vocabulary's tokens parts words: no space, no mark");
    }
    if (entries.isEmpty()) {
      throw new InvalidInputException("lexicon: expected one word or more, got none");
    }
    entries.sort(Comparator.comparing(Entry::spelling, Arrays::compare));
    this.vocabulary = vocabulary;
    this.symbols = symbols;
    this.words = entries.stream().map(Entry::word).toList();
    this.spellings = entries.stream().map(Entry::spelling).toArray(int[][]::new);
  }

  /**
   * Words as any of their spellings in tokens.
   *
   * @throws InvalidInputException if there are none, one is empty, holds a space or has no
   *     spelling, or the vocabulary {@linkplain Vocabulary#hasWords knows no words}
   */
  public static Lexicon of(Vocabulary vocabulary, Collection<String> words) {
    List<Entry> entries = new ArrayList<>();
    for (String word : new HashSet<>(words)) {
      encode(vocabulary, word);
      entries.add(new Entry(word, utf8(vocabulary.spelled(word))));
    }
    return new Lexicon(vocabulary, entries, texts(vocabulary));
  }

  /**
   * Words as given sequences of labels, alone: for pronunciations, or one way to cut a word into
   * pieces. Spaces at the ends of a sequence are left out.
   *
   * @throws InvalidInputException if there are none, one has no label, the blank, a space within or
   *     what is no class, or the vocabulary {@linkplain Vocabulary#hasWords knows no words}
   */
  public static Lexicon of(Vocabulary vocabulary, Map<String, List<int[]>> spellings) {
    List<Entry> entries = new ArrayList<>();
    spellings.forEach(
        (word, sequences) -> {
          for (int[] sequence : sequences) {
            entries.add(new Entry(word, spelling(vocabulary, word, sequence)));
          }
        });
    int[][][] symbols = new int[vocabulary.size()][][];
    for (int label = 0; label < symbols.length; label++) {
      symbols[label] = new int[vocabulary.parts(label).length][1];
      for (int[] part : symbols[label]) {
        part[0] = label;
      }
    }
    return new Lexicon(vocabulary, entries, symbols);
  }

  /**
   * Reads a file: a word a line, or a word and then the tokens that spell it, with blanks or tabs
   * between them, in several lines for several spellings, as flashlight and torchaudio have it, or
   * with {@code word(2)} after {@code word}, as CMU's dictionary has it. If any line has tokens, a
   * word alone is spelled with the fewest. Empty lines are left out.
   *
   * @throws IOException if it cannot be read
   * @throws InvalidInputException if a word has no spelling or a token is none; the message says in
   *     which line
   */
  public static Lexicon read(Path file, Vocabulary vocabulary) throws IOException {
    String text = VocabularyReader.decode(file, "words", MOST_BYTES);
    String[] lines = text.replaceFirst("^\uFEFF", "").split("\r?\n");
    Map<String, List<int[]>> spellings = new TreeMap<>();
    boolean isSpelled = false;
    for (int i = 0; i < lines.length; i++) {
      List<String> fields = fields(lines[i]);
      if (!fields.isEmpty()) {
        boolean hasTokens = fields.size() > 1;
        isSpelled |= hasTokens;
        String word = hasTokens ? variantOf(fields.get(0), spellings) : fields.get(0);
        try {
          int[] labels =
              hasTokens
                  ? spelling(vocabulary, word, vocabulary.labels(fields.subList(1, fields.size())))
                  : encode(vocabulary, word);
          spellings.computeIfAbsent(word, key -> new ArrayList<>()).add(labels);
        } catch (InvalidInputException e) {
          throw new InvalidInputException(
              "%s: line %d: %s".formatted(Text.printable(file.toString()), i + 1, e.getMessage()));
        }
      }
    }
    return isSpelled ? of(vocabulary, spellings) : of(vocabulary, spellings.keySet());
  }

  /** The word that "tomato(2)" is another spelling of, if there is one; else this. */
  private static String variantOf(String word, Map<String, List<int[]>> spellings) {
    Matcher variant = VARIANT.matcher(word);
    return variant.matches() && spellings.containsKey(variant.group(1)) ? variant.group(1) : word;
  }

  private static List<String> fields(String line) {
    return Arrays.stream(line.split("[ \t]+")).filter(field -> !field.isEmpty()).toList();
  }

  private static int[] encode(Vocabulary vocabulary, String word) {
    int[] labels = vocabulary.encode(word);
    if (labels.length == 0 || vocabulary.words(labels).size() != 1) {
      throw new InvalidInputException(
          "lexicon: %s, expected a word".formatted(word.isBlank() ? "a blank" : Text.quote(word)));
    }
    return labels;
  }

  private static int[] spelling(Vocabulary vocabulary, String word, int[] sequence) {
    int from = 0;
    int to = sequence.length;
    while (from < to && vocabulary.role(sequence[from]) == TokenRole.SPACE) {
      from++;
    }
    while (to > from && vocabulary.role(sequence[to - 1]) == TokenRole.SPACE) {
      to--;
    }
    int[] spelling = Arrays.copyOfRange(sequence, from, to);
    boolean isOne = spelling.length > 0;
    for (int i = 0; i < spelling.length; i++) {
      Piece[] parts = vocabulary.parts(spelling[i]);
      Piece piece = parts[0];
      isOne &=
          parts.length == 1
              && piece != Piece.NOTHING
              && (i == 0 || !piece.spaceBefore())
              && (i == spelling.length - 1 || !piece.spaceAfter());
    }
    if (!isOne) {
      throw new InvalidInputException(
          "lexicon: a spelling of %s is not one word of one label or more: labels %s"
              .formatted(Text.quote(word), Text.brief(Arrays.toString(sequence))));
    }
    return spelling;
  }

  static int[] utf8(String text) {
    return unsigned(text.getBytes(StandardCharsets.UTF_8));
  }

  private static int[] unsigned(byte[] bytes) {
    int[] symbols = new int[bytes.length];
    Arrays.setAll(symbols, i -> bytes[i] & 0xff);
    return symbols;
  }

  /** The text of every label's parts, in UTF-8. */
  static int[][][] texts(Vocabulary vocabulary) {
    int[][][] symbols = new int[vocabulary.size()][][];
    for (int label = 0; label < symbols.length; label++) {
      symbols[label] =
          Arrays.stream(vocabulary.parts(label))
              .map(part -> text(vocabulary, part))
              .toArray(int[][]::new);
    }
    return symbols;
  }

  private static int[] text(Vocabulary vocabulary, Piece part) {
    return part.bytes() == null ? utf8(vocabulary.spelled(part.text())) : unsigned(part.bytes());
  }

  /** Those of a model's words that tokens may spell; the model has them in this order. */
  static Lexicon ofModel(Vocabulary vocabulary, Iterable<String> words) {
    int[][][] texts = texts(vocabulary);
    Set<Integer> known =
        Arrays.stream(texts)
            .flatMap(Arrays::stream)
            .flatMapToInt(Arrays::stream)
            .boxed()
            .collect(Collectors.toSet());
    List<Entry> entries = new ArrayList<>();
    for (String word : words) {
      int[] spelling = utf8(vocabulary.spelled(word));
      if (spelling.length > 0 && Arrays.stream(spelling).allMatch(known::contains)) {
        entries.add(new Entry(word, spelling));
      }
    }
    return new Lexicon(vocabulary, entries, texts);
  }

  /** "1432 spellings". */
  @Override
  public String toString() {
    return spellings.length + " spellings";
  }
}
