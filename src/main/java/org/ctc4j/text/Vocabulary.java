package org.ctc4j.text;

import java.io.IOException;
import java.io.Serial;
import java.io.Serializable;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Pattern;
import org.ctc4j.BeamScorer;
import org.ctc4j.CtcNBest;
import org.ctc4j.CtcPath;
import org.ctc4j.HotWords;
import org.ctc4j.InvalidInputException;
import org.ctc4j.Wildcards;
import org.ctc4j.io.Text;

/**
 * What the classes of a model are called: makes text of labels, and labels of text.
 *
 * <pre>{@code
 * Vocabulary vocabulary = Vocabulary.read(Path.of("vocab.json"));      // its format is recognised
 * int blank = vocabulary.blank().orElse(0);
 * CtcOptions options = CtcOptions.DEFAULT.withBlank(blank);
 * CtcDecoder decoder = CtcDecoder.create();
 * for (CtcPath path : decoder.greedy(logits, inputLengths, options)) {
 *   System.out.println(vocabulary.text(path.labels()));                // the conference is now muted
 * }
 * Targets targets = Targets.of(vocabulary.encode("to mute yourself")); // what a loss or an alignment takes
 * ErrorCounts words = ErrorCounts.words("to mute yourself", "to mute your self");
 * System.out.println(words.rate() + " " + words);
 * }</pre>
 *
 * <p>Pieces of words are understood by their marks: SentencePiece's {@code ▁}, WordPiece's {@code
 * ##}, subword-nmt's {@code @@}, {@code </w>}, GPT-2's {@code Ġ}, and bytes, {@code <0xE7>}. {@code
 * <space>} and a blank are the space between words; so is {@code |} where there is no other, and
 * {@code ▁} where pieces have it or there is no other. Each {@code ▁} within a token begins a word,
 * too: {@code ▁of▁the} is two. What is a token several times means the same in all classes, and the
 * first of them spells it.
 *
 * <p>Immutable, thread-safe, serialisable.
 */
public final class Vocabulary implements Serializable {
  @Serial private static final long serialVersionUID = 1L;

  /** What {@link Wildcards} are in a text. */
  static final String WILDCARD = "*";

  /** A mark of the letter before it, or a vowel or final of the Hangul syllable that it is in. */
  private static final Pattern JOINING = Pattern.compile("[\\p{M}\u1161-\u1175\u11a8-\u11c2]");

  private final Source source;
  private final int blank; // or -1
  private final boolean isJoined;
  private final boolean isNfc;
  private final transient PieceMark marks;
  private final transient TokenRole[] roles;
  private final transient Piece[] pieces;
  private final transient Piece[][] parts; // of each piece, one unless it is of several words
  private final transient boolean hasWords;
  private final transient Normalizer.Form form; // of what is spelled; null: as it comes
  private final transient Spelling spelling;

  /**
   * A word of a label sequence. A label that is a piece of several words is in each of them.
   *
   * @param text of the word
   * @param start position of its first label
   * @param end position after its last label
   */
  public record Word(String text, int start, int end) implements Serializable {}

  /** What was read, and from where. */
  private record Source(String name, List<String> tokens, VocabularyFormat format, int namedBlank)
      implements Serializable {}

  /** With what is made of it. */
  @Serial
  private Object readResolve() {
    return new Vocabulary(source, blank, isJoined, isNfc);
  }

  private Vocabulary(Source source, int blank, boolean isJoined, boolean isNfc) {
    this.source = source;
    this.blank = blank;
    this.isJoined = isJoined;
    this.isNfc = isNfc;
    Set<String> distinct = new HashSet<>(source.tokens);
    marks = PieceMark.of(distinct, source.format);
    Set<String> spaces = TokenNames.spaces(distinct, source.format, marks);
    roles = new TokenRole[source.tokens.size()];
    Arrays.setAll(roles, c -> role(c, spaces));
    hasWords = marks != PieceMark.NONE || List.of(roles).contains(TokenRole.SPACE);
    pieces = new Piece[roles.length];
    Arrays.setAll(pieces, c -> Piece.of(source.tokens.get(c), roles[c], marks));
    parts = Arrays.stream(pieces).map(Piece::parts).toArray(Piece[][]::new);
    form = isNfc ? spelledForm() : null;
    List<String> spelled = source.tokens.stream().map(this::spelled).toList();
    spelling = new Spelling(source.name, spelled, roles, marks);
  }

  /**
   * Reads a file whose format is recognised.
   *
   * @throws IOException if it cannot be read
   * @throws InvalidInputException if it is no vocabulary; the message says where
   */
  public static Vocabulary read(Path file) throws IOException {
    return read(file, VocabularyOptions.DEFAULT);
  }

  /** As {@link #read(Path)}, of a file of which something is known. */
  public static Vocabulary read(Path file, VocabularyOptions options) throws IOException {
    return parse(file.toString(), VocabularyReader.decode(file), options);
  }

  /**
   * As {@link #read(Path, VocabularyOptions)}, of text that is in memory.
   *
   * @param name for messages; what ends in {@code .json} is JSON
   * @throws InvalidInputException if it is no such vocabulary; the message says where
   */
  public static Vocabulary parse(String name, String text, VocabularyOptions options) {
    VocabularyReader.Tokens read = VocabularyReader.read(name, text, options);
    return of(name, read.list(), read.format(), options.blank());
  }

  /**
   * The tokens of all classes, that of class 0 first, the blank included.
   *
   * @throws InvalidInputException if there are none
   */
  public static Vocabulary of(List<String> tokens) {
    if (tokens.isEmpty()) {
      throw new InvalidInputException("vocabulary: expected one token or more, got none");
    }
    int unknown = VocabularyOptions.UNKNOWN;
    return of("the vocabulary", List.copyOf(tokens), VocabularyFormat.LINES, unknown);
  }

  private static Vocabulary of(
      String name, List<String> tokens, VocabularyFormat format, int blank) {
    int named =
        format.impliesBlankFirst()
            ? 0
            : format.impliesBlank() ? tokens.size() - 1 : TokenNames.blank(tokens, format);
    boolean isJoined = format == VocabularyFormat.PADDLE_OCR;
    Source source = new Source(name, tokens, format, named);
    if (blank >= tokens.size()) {
      throw new InvalidInputException(
          "%s: blank: expected a class index in [0, %d), got %d"
              .formatted(Text.printable(name), tokens.size(), blank));
    }
    return new Vocabulary(source, blank >= 0 ? blank : named, isJoined, false);
  }

  /** The same with another class as the blank; what the file calls the blank is text then. */
  public Vocabulary withBlank(int value) {
    requireClass(value, "blank: ");
    return new Vocabulary(source, value, isJoined, isNfc);
  }

  /**
   * The same with or without blanks between tokens where the vocabulary knows no words. Without
   * this, there are blanks, and none in a dictionary of PaddleOCR.
   */
  public Vocabulary withJoined(boolean value) {
    return new Vocabulary(source, blank, value, isNfc);
  }

  /**
   * The same with texts and the spelling of tokens, of a lexicon and of a language model's words in
   * Unicode's normal form C, or as they come. Without this, they are as they come. Letters and
   * their marks may be tokens of their own: what is spelled may then be in any form, too.
   */
  public Vocabulary withNfc(boolean value) {
    return new Vocabulary(source, blank, isJoined, value);
  }

  /** C, the number of classes, blank included. */
  public int size() {
    return roles.length;
  }

  /** How the tokens came. */
  public VocabularyFormat format() {
    return source.format;
  }

  /** What class c is called, as it was read; "*" of {@link Wildcards}. */
  public String token(int c) {
    if (Wildcards.is(c)) {
      return WILDCARD;
    }
    requireClass(c, "");
    return source.tokens.get(c);
  }

  /** What class c is there for. */
  public TokenRole role(int c) {
    requireClass(c, "");
    return roles[c];
  }

  /** What class c adds to a text. */
  Piece piece(int c) {
    return pieces[c];
  }

  /** What class c adds to each of the words that it is a piece of. */
  Piece[] parts(int c) {
    return parts[c];
  }

  /** What label i of a sequence adds to a text. */
  private Piece piece(int[] labels, int i) {
    if (Wildcards.is(labels[i])) {
      return labels[i] == Wildcards.FRAMES ? Piece.ANY_FRAMES : Piece.ANY_LABELS;
    }
    requireClass(labels[i], "label %d: ".formatted(i));
    return pieces[labels[i]];
  }

  /** The class of the blank: as it was told, else as the file or its format has it. */
  public OptionalInt blank() {
    return optional(blank);
  }

  /** The class that the file or its format calls the blank, whatever was told. */
  public OptionalInt namedBlank() {
    return optional(source.namedBlank);
  }

  /** Whether labels can be put together to words. */
  public boolean hasWords() {
    return hasWords;
  }

  /**
   * Labels as text: single blanks between words, none at the ends; control tokens left out. What is
   * no UTF-8 among tokens of bytes becomes U+FFFD. {@link Wildcards} are "*", {@link
   * Wildcards#FRAMES} a word of its own.
   *
   * @param labels without blanks
   * @throws InvalidInputException if one is no class
   */
  public String text(int... labels) {
    return text(labels, 0, labels.length);
  }

  /** As {@link #text}, with all blanks where the tokens have them. */
  public String rawText(int... labels) {
    return raw(labels, 0, labels.length);
  }

  private String text(int[] labels, int start, int end) {
    return Writer.singleBlanks(raw(labels, start, end));
  }

  private String raw(int[] labels, int start, int end) {
    Writer writer = new Writer();
    for (int i = start; i < end; i++) {
      Piece piece = piece(labels, i);
      boolean isApart = !hasWords && !isJoined && i > start;
      boolean goesOn = isApart && piece.bytes() != null && piece(labels, i - 1).bytes() != null;
      writer.add(isApart && !goesOn ? piece.apart() : piece);
    }
    return normalised(writer.text());
  }

  /**
   * The words of labels and where they are; none if the vocabulary {@linkplain #hasWords knows no
   * words}. Spaces, and control tokens between words, are in none.
   *
   * @param labels without blanks
   * @throws InvalidInputException if one is no class
   */
  public List<Word> words(int... labels) {
    return places(labels).stream()
        .map(place -> new Word(place.text(), place.start(), place.end()))
        .toList();
  }

  /** As {@link #words(int...)}, with the places of words within labels. */
  List<WordPlace> places(int... labels) {
    WordCutter cutter = new WordCutter(this::normalised);
    for (int i = 0; hasWords && i < labels.length; i++) {
      cutter.add(i, parts(labels, i));
    }
    return cutter.places();
  }

  private Piece[] parts(int[] labels, int i) {
    Piece piece = piece(labels, i);
    return Wildcards.is(labels[i]) ? new Piece[] {piece} : parts[labels[i]];
  }

  /**
   * The words of a path and when they are said; none if the vocabulary {@linkplain #hasWords knows
   * no words}.
   *
   * @throws InvalidInputException if a label is no class
   */
  public List<WordSpan> words(CtcPath path) {
    int[] labels = path.labels();
    List<WordPlace> places = places(labels);
    int[] counts = new int[labels.length];
    Arrays.setAll(counts, i -> parts(labels, i).length);
    SharedFrames frames = new SharedFrames(path, counts);
    return places.stream()
        .map(
            place ->
                new WordSpan(
                    place.text(),
                    path.spans().subList(place.start(), place.end()),
                    frames.start(place.start(), place.startPart()),
                    frames.end(place.end() - 1, place.endPart())))
        .toList();
  }

  /** The texts of an n-best list, each once, the best first. */
  public List<Transcript> transcripts(CtcNBest nBest) {
    return Transcript.of(nBest.hypotheses(), this);
  }

  /**
   * How much of an n-best list agrees with each word of one of its texts, in [0, 1]: the
   * probability of the outputs that have the word at its place, as their {@linkplain
   * Transcript#score scores} have it, of that of all. 1 for a word that all have. The longer the
   * list the better: of a beam, not of the few that are to be shown. Places are those of the
   * alignment with the fewest edits.
   *
   * @param nBest texts, as {@link #transcripts} lists them
   * @param k which of them
   * @return a number for each of the {@link #words(int...) words} of its best labels
   */
  public double[] wordShares(List<Transcript> nBest, int k) {
    Map<String, Integer> numbers = new HashMap<>();
    WordShares shares = new WordShares(numbered(nBest.get(k), numbers));
    double best = nBest.stream().mapToDouble(Transcript::score).max().getAsDouble();
    double sum = nBest.stream().mapToDouble(text -> Math.exp(text.score() - best)).sum();
    for (Transcript text : nBest) {
      shares.add(numbered(text, numbers), Math.exp(text.score() - best) / sum);
    }
    return Arrays.stream(shares.shares()).map(share -> Math.min(1, share)).toArray(); // rounding
  }

  private int[] numbered(Transcript transcript, Map<String, Integer> numbers) {
    return words(transcript.best().labels()).stream()
        .mapToInt(word -> numbers.computeIfAbsent(word.text(), text -> numbers.size()))
        .toArray();
  }

  /**
   * Text as labels: the fewest tokens that spell it, of equally many the longest first. White space
   * is single blanks. The vocabulary's own marks are understood, {@code I|HAD}, and so are tokens
   * with blanks between them where the vocabulary knows no words, {@code TH IH S}, or one of them
   * has a mark, {@code th ##is}.
   *
   * @return without blanks; of a text without words empty
   * @throws InvalidInputException if no tokens spell it; the message names the character
   */
  public int[] encode(String text) {
    return spelling.encode(spelled(text), hasWords);
  }

  /**
   * Text as labels and {@link Wildcards}. A word that is the mark becomes {@link Wildcards#FRAMES};
   * where the space between words is a token, it is wanted once around the mark, before the word
   * that follows, and is the wildcard's at the ends of the text. {@link Wildcards#FRAMES} next to
   * each other become one.
   *
   * @param mark which stands for any frames; null for none
   * @param isAnyUnknown whether characters that no token stands for become {@link
   *     Wildcards#LABELS}, one for those next to each other; else they are refused
   * @throws InvalidInputException as {@link #encode(String)}
   */
  public int[] encode(String text, String mark, boolean isAnyUnknown) {
    return new WildcardSpelling(spelling, hasWords, space())
        .encode(spelled(text), mark == null ? null : spelled(mark), isAnyUnknown);
  }

  /** The class of the space between words; −1 if there is none, or pieces of words have it. */
  private int space() {
    return marks == PieceMark.NONE ? List.of(roles).indexOf(TokenRole.SPACE) : -1;
  }

  /**
   * Tokens as labels; of a token that is there several times the first class.
   *
   * @throws InvalidInputException if one is no token or the blank
   */
  public int[] labels(List<String> sequence) {
    int[] labels = new int[sequence.size()];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = spelling.label(spelled(sequence.get(i)));
      if (labels[i] < 0) {
        throw new InvalidInputException(
            "position %d: %s is no token of %s"
                .formatted(i, Text.quote(sequence.get(i)), Text.printable(source.name)));
      }
    }
    return labels;
  }

  /**
   * A text in the form that {@link #text} has: normal form C where {@link #withNfc} says so, else
   * as it comes. For references that outputs are compared with.
   */
  public String normalised(String text) {
    return isNfc ? Normalizer.normalize(text, Normalizer.Form.NFC) : text;
  }

  /**
   * What makes texts more likely in a beam search: each occurrence adds its number of labels times
   * a bonus to the score. Where the vocabulary {@linkplain #hasWords knows words} a text counts as
   * one or several of them, "cat" not within "cats"; else, as with {@link HotWords}, anywhere.
   *
   * @param texts names, terms, phrases, as {@link #encode} spells them; in a token of several words
   *     none of these counts by itself
   * @param bonus for each label, in nats; negative makes texts less likely
   * @throws InvalidInputException if a text is empty or has no spelling, or the bonus is not finite
   */
  public BeamScorer<?> hotWords(Collection<String> texts, double bonus) {
    return hotWords(List.copyOf(texts), Collections.nCopies(texts.size(), bonus));
  }

  /**
   * As {@link #hotWords(Collection, double)}, with a bonus for each text.
   *
   * @param bonuses for each label of each text, in nats
   */
  public BeamScorer<?> hotWords(Map<String, Double> bonuses) {
    return hotWords(List.copyOf(bonuses.keySet()), List.copyOf(bonuses.values()));
  }

  private BeamScorer<?> hotWords(List<String> texts, List<Double> bonuses) {
    List<int[]> words = texts.stream().map(this::encode).toList();
    return hasWords ? new WholeWords(parts, words, bonuses) : HotWords.of(words, bonuses);
  }

  @Override
  public String toString() {
    return "%d tokens, %s, blank %s".formatted(size(), format(), blank < 0 ? "unknown" : blank);
  }

  private TokenRole role(int c, Set<String> spaces) {
    String token = source.tokens.get(c);
    if (c == blank) {
      return TokenRole.BLANK;
    }
    if (spaces.contains(token)) {
      return TokenRole.SPACE;
    }
    boolean isFiller = TokenNames.isFiller(token) && c != source.namedBlank;
    return TokenNames.isUnknown(token)
        ? TokenRole.UNKNOWN
        : TokenNames.isControl(token) || isFiller ? TokenRole.CONTROL : TokenRole.TEXT;
  }

  private void requireClass(int c, String where) {
    if (c < 0 || c >= size()) {
      throw new InvalidInputException(
          "%sexpected a class in [0, %d), got %d".formatted(where, size(), c));
    }
  }

  /** A text or a token in the form in which tokens follow each other to be a text. */
  String spelled(String text) {
    return form == null ? text : Normalizer.normalize(text, form);
  }

  /** D where tokens go on with a character that others have begun, since C would join the two. */
  private Normalizer.Form spelledForm() {
    boolean isJoining =
        Arrays.stream(pieces).anyMatch(piece -> JOINING.matcher(piece.text()).lookingAt());
    return isJoining ? Normalizer.Form.NFD : Normalizer.Form.NFC;
  }

  private static OptionalInt optional(int c) {
    return c < 0 ? OptionalInt.empty() : OptionalInt.of(c);
  }
}
