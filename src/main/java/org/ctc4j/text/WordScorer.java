package org.ctc4j.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.ctc4j.BeamScorer;
import org.ctc4j.InvalidInputException;
import org.ctc4j.lm.NGramModel;

/**
 * Adds the probability that a language model gives to the words of an output.
 *
 * <pre>{@code
 * NGramModel model = NGramModel.read(Path.of("words.arpa.gz"));
 * WordScorer scorer = WordScorer.of(model, vocabulary, 0.5, 1.5);
 * CtcNBest nBest = CtcDecoder.create().beamSearch(logits, options, BeamOptions.DEFAULT, scorer).get(0);
 * }</pre>
 *
 * <p>Every word adds weight · ln p(word | the words before it) + word bonus, in nats, when it ends,
 * and the end of the utterance weight · ln p(end). Of a word that has begun the best that it may
 * become is added ahead, as if without context, so that a beginning that leads to no likely word
 * falls behind at its first letters. What is no word of the model, or of the lexicon, counts as the
 * model's {@code <unk>} and adds the unknown word's bonus beside the other; with a lexicon it is
 * forbidden unless that is given.
 *
 * <p>Words are told by the vocabulary's spaces and marks. Without a lexicon, and with one of words
 * alone, all tokens count that together have the text of a word. Of several words that are spelled
 * the same that one is taken which is most probable after the words before it.
 *
 * <p>Immutable, thread-safe.
 */
public final class WordScorer implements BeamScorer<WordScorer.State> {
  private static final double UNKNOWN_WORD = -10;
  private static final int UNKNOWN = -1; // in place of a node or a spelling

  private final NGramModel model; // null if words of the lexicon are all the same
  private final Lexicon lexicon;
  private final Weighing weighing;
  private final double coverage;
  private final SpellingTrie trie;
  private final int[] numbers; // of each spelling's word in the model
  private final int unknownNumber; // likewise
  private final double unknownAhead;
  private final boolean hasEnds; // tokens that end words that they begin or go on with
  private final Piece[][] parts; // of each label: several where it is a piece of several words

  /** What a word adds beside its probability. */
  private record Weighing(double weight, double wordBonus, double unknownBonus) {
    private Weighing {
      TokenScorer.require(weight, "word bonus", wordBonus);
      if (!(unknownBonus < Double.POSITIVE_INFINITY)) {
        throw new InvalidInputException(
            "unknown word's bonus: expected a number below +Infinity, got " + unknownBonus);
      }
    }

    private double of(double log10) {
      return weight == 0 ? 0 : weight * Math.log(10) * log10;
    }
  }

  /** What is known of a prefix. Immutable. */
  public static final class State {
    private final NGramModel.Context context; // before the word that has begun
    private final int node; // of what there is of it; the root if none has begun
    private final double ahead; // added for it already
    private final int spelling; // that ends here
    private final double ended; // what the word adds if it ends here

    private State(NGramModel.Context context, int node, double ahead, int spelling, double ended) {
      this.context = context;
      this.node = node;
      this.ahead = ahead;
      this.spelling = spelling;
      this.ended = ended;
    }

    private boolean isBetween() {
      return node == SpellingTrie.ROOT;
    }

    /** "context of 2 words, then a word" or without the latter. */
    @Override
    public String toString() {
      return (context == null ? "no model" : context) + (isBetween() ? "" : ", then a word");
    }
  }

  private WordScorer(NGramModel model, Lexicon lexicon, Weighing weighing, double coverage) {
    this.model = model;
    this.lexicon = lexicon;
    this.weighing = weighing;
    this.coverage = coverage;
    this.trie = new SpellingTrie(lexicon.spellings);
    this.numbers =
        lexicon.words.stream().mapToInt(word -> model == null ? 0 : model.number(word)).toArray();
    this.unknownNumber = model == null ? 0 : model.number("<unk>");
    NGramModel.Context none = model == null ? null : model.none();
    trie.lookAhead(i -> score(none, i));
    this.unknownAhead = score(none, UNKNOWN);
    this.parts = new Piece[lexicon.vocabulary.size()][];
    Arrays.setAll(parts, lexicon.vocabulary::parts);
    this.hasEnds =
        Arrays.stream(parts)
            .anyMatch(of -> of.length > 1 || of[0] != Piece.SPACE && of[0].spaceAfter());
  }

  /**
   * Of any words; one that the model does not have adds −10 beside.
   *
   * @param weight of the model, ≥ 0; 0.5 is a usual beginning
   * @param wordBonus for each word, in nats; 1.5 is a usual beginning: what a model adds is
   *     negative, so that without it outputs have too few words
   * @throws InvalidInputException if a number is out of its range, the vocabulary {@linkplain
   *     Vocabulary#hasWords knows no words}, or its tokens spell none of the model's
   */
  public static WordScorer of(
      NGramModel model, Vocabulary vocabulary, double weight, double wordBonus) {
    Iterable<String> words =
        () ->
            IntStream.range(0, model.words())
                .mapToObj(model::word)
                .filter(word -> !isControl(word))
                .iterator();
    Lexicon lexicon;
    try {
      lexicon = Lexicon.ofModel(vocabulary, words);
    } catch (InvalidInputException e) {
      throw vocabulary.hasWords()
          ? new InvalidInputException(
              "language model: the vocabulary spells none of the model's words")
          : e;
    }
    double coverage =
        (double) lexicon.words.size() / StreamSupport.stream(words.spliterator(), false).count();
    return new WordScorer(model, lexicon, new Weighing(weight, wordBonus, UNKNOWN_WORD), coverage);
  }

  /**
   * Of the words of a lexicon alone; one that the model does not have counts as its unknown word.
   *
   * @throws InvalidInputException if a number is out of its range
   */
  public static WordScorer of(NGramModel model, Lexicon lexicon, double weight, double wordBonus) {
    Objects.requireNonNull(model, "model");
    Set<String> words = Set.copyOf(lexicon.words);
    double coverage = (double) words.stream().filter(model::has).count() / words.size();
    return new WordScorer(
        model, lexicon, new Weighing(weight, wordBonus, Double.NEGATIVE_INFINITY), coverage);
  }

  /**
   * Of the words of a lexicon alone, all the same.
   *
   * @throws InvalidInputException if the bonus is not finite
   */
  public static WordScorer of(Lexicon lexicon, double wordBonus) {
    return new WordScorer(null, lexicon, new Weighing(0, wordBonus, Double.NEGATIVE_INFINITY), 1);
  }

  /**
   * The same with another bonus for words that are not known; −Infinity forbids them.
   *
   * @throws InvalidInputException if it is NaN or +Infinity
   */
  public WordScorer withUnknownWordBonus(double nats) {
    return new WordScorer(
        model, lexicon, new Weighing(weighing.weight, weighing.wordBonus, nats), coverage);
  }

  /**
   * How well the model fits what it is used with, in [0, 1]: the share of its words that tokens can
   * spell, or of a lexicon's words that it has; 1 without a model. Next to nothing where the one is
   * in capital letters and the other is not.
   */
  public double coverage() {
    return coverage;
  }

  private static boolean isControl(String word) {
    return Set.of("<s>", "</s>", "<unk>", "<UNK>").contains(word);
  }

  @Override
  public void check(int classes, int blank) {
    Vocabulary vocabulary = lexicon.vocabulary;
    TokenScorer.requireClasses("language model", vocabulary.size(), classes);
    if (vocabulary.piece(blank) != Piece.NOTHING) {
      throw new InvalidInputException(
          "language model: the blank, %d, is text in the vocabulary".formatted(blank));
    }
  }

  @Override
  public State start() {
    return between(model == null ? null : model.start());
  }

  private static State between(NGramModel.Context context) {
    return new State(context, SpellingTrie.ROOT, 0, UNKNOWN, 0);
  }

  @Override
  public double score(State state, int label) {
    State at = state;
    double sum = score(at, label, 0);
    for (int k = 1; k < parts[label].length && sum > Double.NEGATIVE_INFINITY; k++) {
      at = next(at, label, k - 1);
      sum += score(at, label, k);
    }
    return sum;
  }

  private double score(State state, int label, int part) {
    Piece piece = parts[label][part];
    boolean isEnd = piece.spaceBefore() && !state.isBetween();
    double before = isEnd ? state.ended - state.ahead : -state.ahead;
    int node = follow(isEnd ? SpellingTrie.ROOT : state.node, label, part);
    if (node == SpellingTrie.ROOT) {
      return isEnd ? before : 0;
    }
    if (piece.spaceAfter()) {
      NGramModel.Context context = isEnd ? after(state) : state.context;
      return before + score(context, best(context, node));
    }
    return before + ahead(node);
  }

  @Override
  public double bound(State state) {
    if (hasEnds) {
      return Double.POSITIVE_INFINITY;
    }
    double any = Math.max(trie.ahead(SpellingTrie.ROOT), unknownAhead); // of a word that begins
    if (state.isBetween()) {
      return Math.max(0, any);
    }
    double end = state.ended - state.ahead;
    double more = Math.max(0, unknownAhead - state.ahead);
    return Math.max(more, Math.max(end, end + any));
  }

  @Override
  public State next(State state, int label) {
    State at = state;
    for (int k = 0; k < parts[label].length; k++) {
      at = next(at, label, k);
    }
    return at;
  }

  private State next(State state, int label, int part) {
    Piece piece = parts[label][part];
    boolean isEnd = piece.spaceBefore() && !state.isBetween();
    int node = follow(isEnd ? SpellingTrie.ROOT : state.node, label, part);
    if (node == state.node && !isEnd && !piece.spaceAfter()) {
      return state;
    }
    NGramModel.Context context = isEnd ? after(state) : state.context;
    if (node == SpellingTrie.ROOT) {
      return between(context);
    }
    int spelling = best(context, node);
    State next = new State(context, node, ahead(node), spelling, score(context, spelling));
    return piece.spaceAfter() ? between(after(next)) : next;
  }

  @Override
  public double end(State state) {
    if (state.isBetween()) {
      return endOfSentence(state.context);
    }
    return state.ended == Double.NEGATIVE_INFINITY
        ? state.ended
        : state.ended - state.ahead + endOfSentence(after(state));
  }

  private double endOfSentence(NGramModel.Context context) {
    return model == null ? 0 : weighing.of(model.log10End(context));
  }

  /** The words of an output, as the lexicon has them: the one that was taken of each spelling. */
  public List<String> words(int... labels) {
    List<String> words = new ArrayList<>();
    NGramModel.Context context = start().context;
    for (WordPlace word : lexicon.vocabulary.places(labels)) {
      int node = SpellingTrie.ROOT;
      for (int i = word.start(); i < word.end(); i++) {
        int last = word.lastPart(i, parts[labels[i]].length);
        for (int k = word.firstPart(i); k <= last; k++) {
          node = follow(node, labels[i], k);
        }
      }
      int spelling = best(context, node);
      words.add(spelling == UNKNOWN ? word.text() : lexicon.words.get(spelling));
      context = after(context, spelling);
    }
    return words;
  }

  /** The node after a part of a label; the same where that has no text. */
  private int follow(int node, int label, int part) {
    Piece piece = parts[label][part];
    if (piece == Piece.NOTHING || piece == Piece.SPACE) {
      return node;
    }
    int[] symbols = lexicon.symbols[label][part];
    int at = node;
    for (int i = 0; i < symbols.length && at != UNKNOWN; i++) {
      at = trie.child(at, symbols[i]);
    }
    return at;
  }

  private double ahead(int node) {
    return node == UNKNOWN ? unknownAhead : trie.ahead(node);
  }

  /** The best word of those that a node is all of, UNKNOWN if there is none. */
  private int best(NGramModel.Context context, int node) {
    int best = UNKNOWN;
    if (node == UNKNOWN) {
      return best;
    }
    for (int i = trie.firstWord(node); i < trie.endWord(node); i++) {
      best = best == UNKNOWN || score(context, i) > score(context, best) ? i : best;
    }
    return best;
  }

  private double score(NGramModel.Context context, int spelling) {
    double bonus = weighing.wordBonus + (spelling == UNKNOWN ? weighing.unknownBonus : 0);
    if (bonus == Double.NEGATIVE_INFINITY) {
      return bonus; // most beginnings of words are none: no need to look
    }
    return bonus
        + (model == null ? 0 : weighing.of(model.log10Probability(context, number(spelling))));
  }

  private int number(int spelling) {
    return spelling == UNKNOWN ? unknownNumber : numbers[spelling];
  }

  private NGramModel.Context after(State state) {
    return after(state.context, state.spelling);
  }

  private NGramModel.Context after(NGramModel.Context context, int spelling) {
    return model == null ? null : model.next(context, number(spelling));
  }

  /** "3-gram model of 200003 words, 200453 n-grams; 199998 spellings". */
  @Override
  public String toString() {
    return model == null ? lexicon.toString() : model + "; " + lexicon;
  }
}
