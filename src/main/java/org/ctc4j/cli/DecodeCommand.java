package org.ctc4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.ctc4j.BeamOptions;
import org.ctc4j.CtcAligner;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcDecoder;
import org.ctc4j.CtcHypothesis;
import org.ctc4j.CtcNBest;
import org.ctc4j.CtcPath;
import org.ctc4j.HotWords;
import org.ctc4j.InvalidInputException;
import org.ctc4j.Targets;
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
          + " paths (prefix beam search); their labels lie in --json where the most probable path of"
          + " each output has them."
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

  @Option(names = "--json", description = "Print one JSON object, with the frames of the labels.")
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
      file.during("decoding", () -> paths.addAll(greedy(decoder, file.batch())));
      PathReport report = new PathReport(paths, tokens, frameShift);
      if (json) {
        report.printJson(out);
      } else {
        report.printTexts(out);
      }
    } else {
      List<CtcNBest> results = new ArrayList<>();
      HotWords hot = hotWords(hotWords, hotWordBonus, tokens);
      file.during("decoding", () -> results.addAll(search(decoder, file.batch(), beam, hot)));
      NBestReport report = new NBestReport(results, tokens);
      if (json) {
        List<List<CtcPath>> aligned = new ArrayList<>();
        Progress.during("aligning", () -> aligned.addAll(align(file.batch(), results)));
        report.printJson(out, aligned, frameShift);
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
    return hot == null
        ? decoder.beamSearch(batch.logits(), inputLengths(batch), input.options(), beam)
        : decoder.beamSearch(batch.logits(), inputLengths(batch), input.options(), beam, hot);
  }

  /** The best path of each output of each utterance. */
  private List<List<CtcPath>> align(CtcBatch batch, List<CtcNBest> results) {
    List<List<CtcPath>> aligned = new ArrayList<>();
    int most = 0;
    for (CtcNBest result : results) {
      aligned.add(new ArrayList<>());
      most = Math.max(most, result.hypotheses().size());
    }
    CtcAligner aligner = CtcAligner.create(threads.engine()); // nothing to close on the host
    for (int k = 0; k < most; k++) {
      int[][] targets = new int[results.size()][0];
      for (int n = 0; n < targets.length; n++) {
        List<CtcHypothesis> outputs = results.get(n).hypotheses();
        targets[n] = k < outputs.size() ? outputs.get(k).labels() : targets[n];
      }
      CtcBatch outputs = CtcBatch.of(batch.logits(), Targets.of(targets), inputLengths(batch));
      List<CtcPath> paths = aligner.align(outputs, input.options());
      for (int n = 0; n < targets.length; n++) {
        if (k < results.get(n).hypotheses().size()) {
          aligned.get(n).add(paths.get(n));
        }
      }
    }
    return aligned;
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

  /**
   * Null where there are none: a scorer that adds nothing would only keep the search from short
   * cuts.
   */
  static HotWords hotWords(List<String> texts, double bonus, Tokens tokens) {
    if (texts.isEmpty()) {
      return null;
    }
    List<int[]> words = new ArrayList<>();
    for (String text : texts) {
      words.add(tokens.encode(text, "--hot-word"));
    }
    return HotWords.of(words, bonus);
  }
}
