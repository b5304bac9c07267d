package org.ctc4j.text;

import java.util.Arrays;
import org.ctc4j.InvalidInputException;
import org.ctc4j.NGramScorer;
import org.ctc4j.lm.NGramModel;

/**
 * Adds the probability that a language model gives to the tokens of an output, for models whose
 * words are the vocabulary's tokens: pieces, phonemes, characters. Every label adds weight · ln
 * p(token | the tokens before it) + bonus, in nats, and the end of the utterance weight · ln
 * p(end). A token that the model does not have counts as its {@code <unk>}; a probability above 1,
 * which only a model that is none gives, as 1. Control tokens add nothing.
 *
 * <p>Immutable, thread-safe.
 */
public final class TokenScorer implements NGramScorer<NGramModel.Context> {
  private final NGramModel model;
  private final int[] numbers; // of each label in the model
  private final boolean[] isText;
  private final double coverage;
  private final double weight; // in nats
  private final double bonus;

  private TokenScorer(NGramModel model, Vocabulary vocabulary, double weight, double bonus) {
    this.model = model;
    this.numbers = new int[vocabulary.size()];
    this.isText = new boolean[vocabulary.size()];
    Arrays.setAll(numbers, c -> model.number(name(model, vocabulary, c)));
    int texts = 0;
    int known = 0;
    for (int c = 0; c < isText.length; c++) {
      isText[c] = vocabulary.piece(c) != Piece.NOTHING;
      texts += isText[c] ? 1 : 0;
      known += isText[c] && model.has(name(model, vocabulary, c)) ? 1 : 0;
    }
    this.coverage = (double) known / texts;
    if (known == 0) {
      throw new InvalidInputException("language model: has none of the vocabulary's tokens");
    }
    this.weight = weight * Math.log(10);
    this.bonus = bonus;
  }

  /** What the model calls a token. */
  private static String name(NGramModel model, Vocabulary vocabulary, int c) {
    String token = vocabulary.token(c);
    return model.has(token) ? token : vocabulary.normalised(token);
  }

  /**
   * @param weight of the model, ≥ 0
   * @param bonus for each label, in nats
   * @throws InvalidInputException if a number is out of its range or the model has no token
   */
  public static TokenScorer of(
      NGramModel model, Vocabulary vocabulary, double weight, double bonus) {
    require(weight, "token bonus", bonus);
    return new TokenScorer(model, vocabulary, weight, bonus);
  }

  /** The share of the vocabulary's tokens that the model has, in (0, 1]. */
  public double coverage() {
    return coverage;
  }

  /** Refuses a weight or bonus that is none. */
  static void require(double weight, String what, double bonus) {
    if (!(weight >= 0 && weight < Double.POSITIVE_INFINITY)) {
      throw new InvalidInputException(
          "language model's weight: expected a finite number from 0 on, got " + weight);
    }
    if (!Double.isFinite(bonus)) {
      throw new InvalidInputException(what + ": expected a finite number, got " + bonus);
    }
  }

  /** Refuses classes that are not those of the vocabulary. */
  static void requireClasses(String what, int expected, int classes) {
    if (classes != expected) {
      throw new InvalidInputException(
          "%s: expected the vocabulary's %d classes, got %d".formatted(what, expected, classes));
    }
  }

  @Override
  public int order() {
    return model.order();
  }

  @Override
  public int count(int n) {
    return model.count(n);
  }

  @Override
  public void forEach(int n, NGrams to) {
    model.forEach(n, to);
  }

  @Override
  public int classes() {
    return numbers.length;
  }

  @Override
  public int word(int label) {
    return !isText[label] ? NOTHING : numbers[label] < 0 ? UNKNOWN : numbers[label];
  }

  @Override
  public int startWord() {
    return own("<s>");
  }

  @Override
  public int endWord() {
    return own("</s>");
  }

  private int own(String word) {
    return model.has(word) ? model.number(word) : UNKNOWN;
  }

  @Override
  public double weight() {
    return weight;
  }

  @Override
  public double bonus() {
    return bonus;
  }

  @Override
  public void check(int classes, int blank) {
    requireClasses("language model", numbers.length, classes);
  }

  @Override
  public NGramModel.Context start() {
    return model.start();
  }

  @Override
  public double score(NGramModel.Context context, int label) {
    return isText[label] ? weighted(model.log10Probability(context, numbers[label])) + bonus : 0;
  }

  private double weighted(double log10) {
    return weight == 0 ? 0 : weight * Math.min(0, log10);
  }

  @Override
  public double bound(NGramModel.Context context) {
    return Math.max(0, bonus);
  }

  @Override
  public NGramModel.Context next(NGramModel.Context context, int label) {
    return isText[label] ? model.next(context, numbers[label]) : context;
  }

  @Override
  public double end(NGramModel.Context context) {
    return weighted(model.log10End(context));
  }

  /** "3-gram model of 1026 words, 90312 n-grams; 1024 tokens". */
  @Override
  public String toString() {
    return "%s; %d tokens".formatted(model, numbers.length);
  }
}
