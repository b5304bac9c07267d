package org.ctc4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.ctc4j.BeamOptions;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcDecoder;
import org.ctc4j.CtcNBest;
import org.ctc4j.CtcPath;
import org.ctc4j.HotWords;
import org.ctc4j.InvalidInputException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "decode",
    description = {
      "What the logits say: the labels, when there is no target.",
      "",
      "Without --beam greedily: the most probable class of every frame, then repeats merged and"
          + " blanks removed. With --beam the outputs of the highest probability, each summed over its"
          + " paths (prefix beam search)."
    },
    footer = {
      "",
      "Examples:",
      "  ctc decode                                       real speech that comes with ctc4j",
      "  ctc decode --beam 100 --nbest 5",
      "  ctc decode --beam 100 --hot-word channel --hot-word monday",
      "  ctc decode batch.npz --tokens vocab.json --blank 31 --json"
    },
    sortOptions = false,
    mixinStandardHelpOptions = true)
final class DecodeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private InputOptions input;
  @Mixin private TokenOptions naming;
  @Mixin private HostThreads threads;

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
      description = "With --beam: make this text more likely; may be given several times.")
  private List<String> hotWords = List.of();

  @Option(
      names = "--hot-word-bonus",
      paramLabel = "NATS",
      defaultValue = "1.5",
      description = "What each label of a hot word adds to the score (default: ${DEFAULT-VALUE}).")
  private double hotWordBonus;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    BeamOptions beam = beamOptions();
    Double frameShift = naming.frameShift(input);
    BatchFile file = BatchFile.readLogits(input, spec.commandLine().getErr());
    Tokens tokens = naming.tokens(input, file);
    CtcDecoder decoder = CtcDecoder.create(threads.engine());
    if (beam == null) {
      List<CtcPath> paths = new ArrayList<>();
      Progress.during("decoding", () -> paths.addAll(greedy(decoder, file.batch())));
      PathReport report = new PathReport(paths, tokens, frameShift);
      if (json) {
        report.printJson(out);
      } else {
        report.printTexts(out);
      }
    } else {
      List<CtcNBest> results = new ArrayList<>();
      HotWords hot = hotWords(tokens);
      Progress.during("decoding", () -> results.addAll(search(decoder, file.batch(), beam, hot)));
      NBestReport report = new NBestReport(results, tokens);
      if (json) {
        report.printJson(out);
      } else {
        report.printTable(out);
      }
    }
    return 0;
  }

  private List<CtcPath> greedy(CtcDecoder decoder, CtcBatch batch) {
    return decoder.greedy(batch.logits(), inputLengths(batch), input.options());
  }

  private List<CtcNBest> search(
      CtcDecoder decoder, CtcBatch batch, BeamOptions beam, HotWords hot) {
    return decoder.beamSearch(batch.logits(), inputLengths(batch), input.options(), beam, hot);
  }

  private static int[] inputLengths(CtcBatch batch) {
    int[] lengths = new int[batch.utterances()];
    for (int n = 0; n < lengths.length; n++) {
      lengths[n] = batch.inputLength(n);
    }
    return lengths;
  }

  /** Null without --beam. */
  private BeamOptions beamOptions() {
    if (beamWidth == null) {
      String orphan =
          nBest != null
              ? "--nbest"
              : topClasses != null
                  ? "--top-classes"
                  : minProbability != null
                      ? "--min-probability"
                      : hotWords.isEmpty() ? null : "--hot-word";
      if (orphan != null) {
        throw new InvalidInputException(orphan + ": only with --beam, which is missing");
      }
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

  private HotWords hotWords(Tokens tokens) {
    List<int[]> words = new ArrayList<>();
    for (String word : hotWords) {
      words.add(tokens.encode(word, "--hot-word"));
    }
    return HotWords.of(words, hotWordBonus);
  }
}
