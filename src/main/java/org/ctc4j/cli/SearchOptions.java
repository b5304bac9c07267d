package org.ctc4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import org.ctc4j.BeamOptions;
import org.ctc4j.BeamScorer;
import org.ctc4j.InvalidInputException;
import org.ctc4j.text.Vocabulary;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Whether there is a beam search, and how it goes. */
final class SearchOptions {
  private static final List<String> ONLY_WITH_BEAM =
      List.of(
          "--nbest",
          "--top-classes",
          "--min-probability",
          "--beam-threshold",
          "--lm",
          "--lexicon",
          "--hot-word",
          "--hot-words");

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

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
      names = "--beam-threshold",
      paramLabel = "NATS",
      description =
          "With --beam: keep only prefixes whose score is less than this below the best one's of the"
              + " frame (default: all that the beam holds).")
  private Double beamThreshold;

  @Mixin private ScorerOptions scorers;

  /** Null without --beam. */
  BeamOptions beam() {
    scorers.check();
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
    options = beamThreshold == null ? options : options.withBeamThreshold(beamThreshold);
    return minProbability == null
        ? options
        : options.withMinLogProbability(Math.log(minProbability));
  }

  private void requireBeam() {
    for (String option : ONLY_WITH_BEAM) {
      if (command.commandLine().getParseResult().hasMatchedOption(option)) {
        throw new InvalidInputException(option + ": only with --beam, which is missing");
      }
    }
  }

  /**
   * Null where nothing is added.
   *
   * @param err told of a language model that hardly fits
   */
  BeamScorer<?> scorer(Vocabulary vocabulary, PrintWriter err) throws IOException {
    return scorers.scorer(vocabulary, err);
  }

  /** Refuses what a GPU does not add. */
  void requireTokensAlone() {
    scorers.requireTokensAlone();
  }

  /** What is read beside the logits. */
  Path[] files() {
    return scorers.files();
  }
}
