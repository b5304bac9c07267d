package org.ctc4j.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.ctc4j.BeamOptions;
import org.ctc4j.BeamScorer;
import org.ctc4j.InvalidInputException;
import org.ctc4j.text.Vocabulary;
import picocli.CommandLine.Option;

/** Whether there is a beam search, and how it goes. */
final class SearchOptions {
  private static final double HOT_WORD_BONUS = 1.5;

  @Option(
      names = "--beam",
      paramLabel = "W",
      description = "Beam search that keeps the W best prefixes from frame to frame.")
  private Integer beamWidth;

  @Option(
      names = "--nbest",
      paramLabel = "K",
      description = "With --beam: print the K best outputs (default: 1).")
  private Integer nBest;

  @Option(
      names = "--top-classes",
      paramLabel = "K",
      description = "With --beam: consider the K most probable classes of a frame (default: 40).")
  private Integer topClasses;

  @Option(
      names = "--min-probability",
      paramLabel = "P",
      description = "With --beam: leave out classes less probable than P in a frame (default: 0).")
  private Double minProbability;

  @Option(
      names = "--hot-word",
      paramLabel = "TEXT",
      description =
          "With --beam: make this text more likely, as a word or several where the tokens make"
              + " words; may be given several times.")
  private List<String> hotWords = List.of();

  @Option(
      names = "--hot-word-bonus",
      paramLabel = "NATS",
      description =
          "With --hot-word: what each label of one adds to the score (default: "
              + HOT_WORD_BONUS
              + ").")
  private Double hotWordBonus;

  /** Null without --beam. */
  BeamOptions beam() {
    if (hotWordBonus != null && hotWords.isEmpty()) {
      throw new InvalidInputException("--hot-word-bonus: only with --hot-word, which is missing");
    }
    if (beamWidth == null) {
      requireBeam();
      return null;
    }
    if (minProbability != null && !(minProbability >= 0 && minProbability <= 1)) {
      throw new InvalidInputException(
          "--min-probability: expected a number in [0, 1], got " + minProbability);
    }
    BeamOptions options = BeamOptions.DEFAULT.withBeamWidth(beamWidth);
    options = nBest == null ? options : options.withNBest(nBest);
    options = topClasses == null ? options : options.withTopClasses(topClasses);
    return minProbability == null
        ? options
        : options.withMinLogProbability(Math.log(minProbability));
  }

  private void requireBeam() {
    Map<String, Boolean> given = new LinkedHashMap<>();
    given.put("--nbest", nBest != null);
    given.put("--top-classes", topClasses != null);
    given.put("--min-probability", minProbability != null);
    given.put("--hot-word", !hotWords.isEmpty());
    given.forEach(
        (option, isGiven) -> {
          if (isGiven) {
            throw new InvalidInputException(option + ": only with --beam, which is missing");
          }
        });
  }

  /** Null where there are no hot words. */
  BeamScorer<?> scorer(Vocabulary vocabulary) {
    return scorer(hotWords, hotWordBonus == null ? HOT_WORD_BONUS : hotWordBonus, vocabulary);
  }

  /**
   * Null where there are none: a scorer that adds nothing would only keep the search from short
   * cuts.
   */
  static BeamScorer<?> scorer(List<String> texts, double bonus, Vocabulary vocabulary) {
    if (texts.isEmpty()) {
      return null;
    }
    try {
      return vocabulary.hotWords(texts, bonus);
    } catch (InvalidInputException e) {
      throw new InvalidInputException("--hot-word: " + e.getMessage());
    }
  }
}
