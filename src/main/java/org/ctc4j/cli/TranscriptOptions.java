package org.ctc4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.ctc4j.CtcBatch;
import org.ctc4j.InvalidInputException;
import org.ctc4j.Targets;
import org.ctc4j.Wildcards;
import org.ctc4j.text.Vocabulary;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Texts in place of a file's targets, and what they leave open. */
final class TranscriptOptions {
  @Option(
      names = "--transcripts",
      paramLabel = "FILE",
      description =
          "Texts instead of the file's targets, a line for each utterance, or Kaldi's 'name"
              + " text'; spelled with the fewest tokens, or tokens themselves with blanks between"
              + " them.")
  private Path file;

  @Option(
      names = "--star",
      paramLabel = "MARK",
      description =
          "The word of --transcripts, '*' for instance, that stands for any run of frames: what"
              + " nobody transcribed.")
  private String mark;

  @Option(
      names = "--star-unknown",
      description =
          "Characters of --transcripts that no token stands for are any run of labels, in place of"
              + " an error.")
  private boolean isAnyUnknown;

  @Mixin private WildcardOptions wildcards;

  /** The file of texts, or null. */
  Path file() {
    return file;
  }

  /** Before anything is read. */
  void check() {
    String orphan = mark != null ? "--star" : isAnyUnknown ? "--star-unknown" : null;
    if (orphan != null && file == null) {
      throw new InvalidInputException(orphan + ": only with --transcripts, which is missing");
    }
    if (mark != null && (mark.isEmpty() || mark.chars().anyMatch(Character::isWhitespace))) {
      throw new InvalidInputException("--star: expected one word, got '" + mark + "'");
    }
    wildcards();
  }

  /** Null where nothing is open. */
  private Wildcards wildcards() {
    return wildcards.of(mark != null || isAnyUnknown);
  }

  /**
   * The batch with the targets that are meant.
   *
   * @param names of the utterances
   */
  CtcBatch addTo(CtcBatch batch, List<String> names, Vocabulary vocabulary) throws IOException {
    if (file == null) {
      return wildcards.addTo(batch);
    }
    Targets targets = read(names, vocabulary);
    return WildcardOptions.with(
        batch, wildcards() == null ? targets : targets.withWildcards(wildcards()));
  }

  private Targets read(List<String> names, Vocabulary vocabulary) throws IOException {
    List<String> lines = Transcripts.read(file, names);
    int[][] targets = new int[lines.size()][];
    for (int n = 0; n < targets.length; n++) {
      try {
        targets[n] = vocabulary.encode(lines.get(n), mark, isAnyUnknown);
      } catch (InvalidInputException e) {
        throw new InvalidInputException("%s: utterance %d: %s".formatted(file, n, e.getMessage()));
      }
    }
    return Targets.of(targets);
  }
}
