package org.ctc4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.ctc4j.Backend;
import org.ctc4j.BeamOptions;
import org.ctc4j.BeamScorer;
import org.ctc4j.CtcAligner;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcDecoder;
import org.ctc4j.CtcNBest;
import org.ctc4j.CtcPath;
import org.ctc4j.CtcStatus;
import org.ctc4j.InvalidInputException;
import org.ctc4j.Targets;
import org.ctc4j.text.ErrorCounts;
import org.ctc4j.text.Transcript;
import org.ctc4j.text.Vocabulary;
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
          + " each output has them. A text is listed once, with the probability of all labels that"
          + " say it. Where the file has targets, or with --transcripts, error rates follow."
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
      description =
          "With --beam: make this text more likely, as a word or several where the tokens make"
              + " words; may be given several times.")
  private List<String> hotWords = List.of();

  @Option(
      names = "--hot-word-bonus",
      paramLabel = "NATS",
      defaultValue = "1.5",
      description = "What each label of a hot word adds to the score (default: ${DEFAULT-VALUE}).")
  private double hotWordBonus;

  @Option(
      names = "--transcripts",
      paramLabel = "FILE",
      description =
          "What was said, a line for each utterance, to be compared with instead of the file's"
              + " targets: gives error rates.")
  private Path transcripts;

  @Option(names = "--json", description = "Print one JSON object, with the frames of the labels.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    boolean isBeam = beamOptions() != null; // what is wrong is told before gigabytes are read
    PrintWriter err = spec.commandLine().getErr();
    naming.frameShift(input);
    BatchFile file = BatchFile.readDecodable(input, err);
    Naming names = naming.of(input, file, err);
    References references = references(file, names, err);
    if (!isBeam) {
      printGreedy(file, names, references, out);
    } else {
      printNBest(file, names, references, out);
    }
    return 0;
  }

  private void printGreedy(BatchFile file, Naming names, References references, PrintWriter out)
      throws IOException {
    CtcDecoder decoder = CtcDecoder.create(threads.engine());
    List<CtcPath> paths = new ArrayList<>();
    file.during("decoding", () -> paths.addAll(greedy(decoder, file.batch())));
    Map<String, ErrorCounts> errors = new LinkedHashMap<>();
    if (references != null) {
      List<int[]> labels = paths.stream().map(CtcPath::labels).toList();
      errors.putAll(references.errors(labels, names.vocabulary()));
    }
    PathReport report = new PathReport(paths, names);
    if (json) {
      report.printJson(out, errors);
    } else {
      report.printTexts(out);
      References.print(errors, out);
    }
  }

  private void printNBest(BatchFile file, Naming names, References references, PrintWriter out)
      throws IOException {
    BeamOptions beam = beamOptions();
    Vocabulary vocabulary = names.vocabulary();
    BeamScorer<?> hot = hotWords(hotWords, hotWordBonus, vocabulary);
    List<CtcNBest> results = new ArrayList<>();
    file.during("decoding", () -> results.addAll(search(file.batch(), beam, hot)));
    List<List<Transcript>> transcripts = new ArrayList<>();
    for (CtcNBest result : results) {
      List<Transcript> all = vocabulary.transcripts(result);
      transcripts.add(all.subList(0, Math.min(all.size(), beam.nBest())));
    }
    Map<String, ErrorCounts> errors = new LinkedHashMap<>();
    if (references != null) {
      List<int[]> best = new ArrayList<>();
      transcripts.forEach(
          texts -> best.add(texts.isEmpty() ? new int[0] : texts.get(0).best().labels()));
      errors.putAll(references.errors(best, vocabulary));
    }
    List<CtcStatus> statuses = results.stream().map(CtcNBest::status).toList();
    NBestReport report = new NBestReport(statuses, transcripts);
    if (json) {
      List<List<CtcPath>> aligned = new ArrayList<>();
      Progress.during("aligning", () -> aligned.addAll(align(file.batch(), transcripts)));
      report.printJson(out, aligned, names, errors);
    } else {
      report.printTable(out);
      References.print(errors, out);
    }
  }

  /** Null where nobody said what was said. */
  private References references(BatchFile file, Naming names, PrintWriter err) throws IOException {
    if (transcripts != null) {
      return References.of(transcripts, file.batch(), names.vocabulary(), err);
    }
    return file.hasTargets() ? References.of(file, names, err) : null;
  }

  private List<CtcPath> greedy(CtcDecoder decoder, CtcBatch batch) {
    return decoder.greedy(batch.logits(), inputLengths(batch), input.options());
  }

  /** All outputs in the beam, because several may be the same text. */
  private List<CtcNBest> search(CtcBatch batch, BeamOptions beam, BeamScorer<?> hot) {
    CtcDecoder decoder = CtcDecoder.create(threads.engine());
    BeamOptions all = beam.withNBest(Math.max(beam.nBest(), beam.beamWidth()));
    return hot == null
        ? decoder.beamSearch(batch.logits(), inputLengths(batch), input.options(), all)
        : decoder.beamSearch(batch.logits(), inputLengths(batch), input.options(), all, hot);
  }

  /** The best path of each output of each utterance. */
  private List<List<CtcPath>> align(CtcBatch batch, List<List<Transcript>> outputs) {
    List<List<CtcPath>> aligned = new ArrayList<>();
    outputs.forEach(texts -> aligned.add(new ArrayList<>()));
    int most = outputs.stream().mapToInt(List::size).max().orElse(0);
    CtcAligner aligner =
        CtcAligner.create(Backend.CPU, threads.engine()); // nothing to close on the host
    for (int k = 0; k < most; k++) {
      int[][] targets = new int[outputs.size()][0];
      for (int n = 0; n < targets.length; n++) {
        List<Transcript> texts = outputs.get(n);
        targets[n] = k < texts.size() ? texts.get(k).best().labels() : targets[n];
      }
      CtcBatch said = CtcBatch.of(batch.logits(), Targets.of(targets), inputLengths(batch));
      List<CtcPath> paths = aligner.align(said, input.options());
      for (int n = 0; n < targets.length; n++) {
        if (k < outputs.get(n).size()) {
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
  static BeamScorer<?> hotWords(List<String> texts, double bonus, Vocabulary vocabulary) {
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
