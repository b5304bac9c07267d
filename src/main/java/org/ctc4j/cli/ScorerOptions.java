package org.ctc4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.ctc4j.BeamScorer;
import org.ctc4j.InvalidInputException;
import org.ctc4j.lm.NGramModel;
import org.ctc4j.text.Lexicon;
import org.ctc4j.text.TokenScorer;
import org.ctc4j.text.Vocabulary;
import org.ctc4j.text.WordScorer;
import picocli.CommandLine.Option;

/** What a beam search adds to the acoustic scores: a language model, a lexicon, hot words. */
final class ScorerOptions {
  private static final double HOT_WORD_BONUS = 1.5;
  private static final double WEIGHT = 0.5;
  private static final double WORD_BONUS = 1.5;
  private static final double LEAST_COVERAGE = 0.1;

  @Option(
      names = "--lm",
      paramLabel = "FILE",
      description =
          "With --beam: an n-gram model of words, an ARPA file, as it is or compressed with gzip, or"
              + " one that 'ctc model' has written.")
  private Path model;

  @Option(
      names = "--lm-tokens",
      description = "With --lm: the model's words are the tokens, pieces or characters.")
  private boolean modelOfTokens;

  @Option(
      names = "--lm-weight",
      paramLabel = "X",
      description =
          "With --lm: what the logarithm of its probability is multiplied with (default: "
              + WEIGHT
              + ").")
  private Double weight;

  @Option(
      names = "--word-bonus",
      paramLabel = "NATS",
      description =
          "With --lm or --lexicon: what each word adds to the score (default: "
              + WORD_BONUS
              + " with --lm of words, 0 otherwise).")
  private Double wordBonus;

  @Option(
      names = "--lexicon",
      paramLabel = "FILE",
      description =
          "With --beam: only these words, one a line, or one and then the tokens that spell it, in"
              + " several lines for several spellings.")
  private Path lexicon;

  @Option(
      names = "--hot-word",
      paramLabel = "TEXT",
      description =
          "With --beam: make this text more likely, as a word or several where the tokens make"
              + " words; may be given several times.")
  private List<String> hotWords = List.of();

  @Option(
      names = "--hot-words",
      paramLabel = "FILE",
      description =
          "The same of a file: a text a line, then a tab and its own bonus where it has one.")
  private Path hotWordsFile;

  @Option(
      names = "--hot-word-bonus",
      paramLabel = "NATS",
      description =
          "With --hot-word or --hot-words: what each label of one adds to the score (default: "
              + HOT_WORD_BONUS
              + ").")
  private Double hotWordBonus;

  /** What else is read. */
  Path[] files() {
    return new Path[] {model, lexicon, hotWordsFile};
  }

  /**
   * Checks what goes together.
   *
   * @throws InvalidInputException if an option lacks the one that it is for
   */
  void check() {
    if (hotWordBonus != null && hotWords.isEmpty() && hotWordsFile == null) {
      throw new InvalidInputException("--hot-word-bonus: only with --hot-word, which is missing");
    }
    if (weight != null && model == null) {
      throw new InvalidInputException("--lm-weight: only with --lm, which is missing");
    }
    if (modelOfTokens && model == null) {
      throw new InvalidInputException("--lm-tokens: only with --lm, which is missing");
    }
    if (wordBonus != null && lexicon == null && (model == null || modelOfTokens)) {
      throw new InvalidInputException(
          modelOfTokens
              ? "--word-bonus: with --lm-tokens only beside --lexicon, which is missing"
              : "--word-bonus: only with --lm or --lexicon, which are missing");
    }
  }

  /** Refuses what a GPU does not add. */
  void requireTokensAlone() {
    String other =
        lexicon != null
            ? "--lexicon"
            : hotWordsFile != null
                ? "--hot-words"
                : !hotWords.isEmpty()
                    ? "--hot-word"
                    : model != null && !modelOfTokens ? "--lm without --lm-tokens" : null;
    if (other != null) {
      throw new InvalidInputException(
          "%s: expected none with --backend cuda, where no scorer runs but a language model over tokens"
              .formatted(other));
    }
  }

  /**
   * Null where there is none of them.
   *
   * @param err told of a language model that hardly fits
   */
  BeamScorer<?> scorer(Vocabulary vocabulary, PrintWriter err) throws IOException {
    return sum(words(vocabulary, err), hotWords(vocabulary));
  }

  private static BeamScorer<?> sum(BeamScorer<?> one, BeamScorer<?> other) {
    return one == null ? other : other == null ? one : one.plus(other);
  }

  private BeamScorer<?> words(Vocabulary vocabulary, PrintWriter err) throws IOException {
    Lexicon words = lexicon == null ? null : Lexicon.read(lexicon, vocabulary);
    NGramModel read = model == null ? null : NGramModel.read(model);
    double factor = weight == null ? WEIGHT : weight;
    if (read == null || modelOfTokens) {
      BeamScorer<?> spelt =
          words == null ? null : WordScorer.of(words, wordBonus == null ? 0 : wordBonus);
      if (read == null) {
        return spelt;
      }
      TokenScorer tokens = TokenScorer.of(read, vocabulary, factor, 0);
      noteCoverage(err, "the model has %.1f %% of the tokens", tokens.coverage());
      return sum(spelt, tokens);
    }
    double bonus = wordBonus == null ? WORD_BONUS : wordBonus;
    WordScorer scorer =
        words == null
            ? WordScorer.of(read, vocabulary, factor, bonus)
            : WordScorer.of(read, words, factor, bonus);
    noteCoverage(
        err,
        words == null
            ? "tokens spell %.1f %% of the model's words"
            : "the model has %.1f %% of the lexicon's words",
        scorer.coverage());
    return scorer;
  }

  private void noteCoverage(PrintWriter err, String share, double coverage) {
    if (coverage < LEAST_COVERAGE) {
      String told = String.format(Locale.ROOT, share, 100 * coverage);
      Messages.note(
          err,
          "--lm %s: %s; is it a model of them, in the same case and normal form?"
              .formatted(model, told));
    }
  }

  private BeamScorer<?> hotWords(Vocabulary vocabulary) throws IOException {
    double bonus = hotWordBonus == null ? HOT_WORD_BONUS : hotWordBonus;
    Map<String, Double> bonuses = new LinkedHashMap<>();
    hotWords.forEach(text -> bonuses.put(text, bonus));
    if (hotWordsFile != null) {
      bonuses.putAll(HotWordsFile.read(hotWordsFile, bonus));
    }
    if (bonuses.isEmpty()) {
      return null;
    }
    try {
      return vocabulary.hotWords(bonuses);
    } catch (InvalidInputException e) {
      throw new InvalidInputException("--hot-word: " + e.getMessage());
    }
  }
}
