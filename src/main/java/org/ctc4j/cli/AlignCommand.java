package org.ctc4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.ctc4j.Backend;
import org.ctc4j.CtcAligner;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcDecoder;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcPath;
import org.ctc4j.InvalidInputException;
import org.ctc4j.Targets;
import org.ctc4j.cli.output.TimedUtterance;
import org.ctc4j.cli.output.Timeline;
import org.ctc4j.text.Vocabulary;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "align",
    description = {
      "When each label of the targets is said: forced alignment.",
      "",
      "Of all frame-level paths that collapse to the target the most probable one is found"
          + " (Viterbi). Any length: hours of audio take megabytes. The confidence of a label or word"
          + " is the geometric mean of its frames' probabilities: how well it fits. Its log_ratio in"
          + " --json and --csv is ln p(path) − ln p(greedy path) over its frames, 0 or less: how much"
          + " likelier something else is, which tells better whether it was said at all."
    },
    footer = {
      "",
      "Examples:",
      "  ctc align                                        real speech that comes with ctc4j",
      "  ctc align batch.npz --backend cuda               on a GPU, or exit code 3",
      "  ctc align batch.npz --tokens tokens.txt --frame-shift 0.02 --textgrid folder --csv words.csv",
      "  ctc align batch.npz --tokens vocab.json --blank 31 --transcripts texts.txt --json"
    },
    sortOptions = false,
    mixinStandardHelpOptions = true)
final class AlignCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private InputOptions input;
  @Mixin private OffsetOptions offsets;
  @Mixin private TokenOptions tokens;
  @Mixin private HostThreads threads;

  /** Where paths are looked for. */
  private enum Choice {
    AUTO,
    CUDA,
    CPU;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Option(
      names = "--backend",
      paramLabel = "auto|cuda|cpu",
      defaultValue = "auto",
      description =
          "What computes; 'auto' is a GPU if one works here, see 'ctc devices'. The paths are the"
              + " same (default: ${DEFAULT-VALUE}).")
  private Choice backend;

  @Option(
      names = "--transcripts",
      paramLabel = "FILE",
      description =
          "Texts to align instead of the file's targets, a line for each utterance, or Kaldi's 'name"
              + " text'; spelled with the fewest tokens, or tokens themselves with blanks between"
              + " them.")
  private Path transcripts;

  @Option(names = "--json", description = "Print one JSON object, with the paths.")
  private boolean json;

  @Mixin private TimeOptions times;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    CtcOptions options = offsets.addTo(input.options());
    Double frameShift = tokens.frameShift(input);
    times.check(frameShift, json);
    Outputs outputs = new Outputs(input.file, tokens.file(), transcripts, times.namesFile());
    TimeFiles files = times.open(outputs);
    BatchFile file =
        transcripts == null ? BatchFile.read(input, err) : BatchFile.readLogits(input, err);
    Naming naming = tokens.of(input, file, err);
    TimeSetting setting = times.setting(file, naming, files);
    CtcBatch batch =
        transcripts == null
            ? file.batch()
            : withTranscripts(file.batch(), setting.names(), naming.vocabulary());
    List<CtcPath> paths = align(file.name(), batch, options);
    List<CtcPath> greedy = greedy(batch);
    List<TimedUtterance> timed = new ArrayList<>();
    for (int n = 0; n < paths.size(); n++) {
      String reason = NoPath.reason(batch, n, paths.get(n).status());
      timed.add(
          setting.utterance(n, new Timeline.Finding(paths.get(n), reason, greedy.get(n), null)));
    }
    setting.write(timed, err);
    PathReport report = new PathReport(timed, naming);
    if (json) {
      report.printJson(out, setting.boxes(), Map.of());
    } else {
      report.printTimes(out);
    }
    return 0;
  }

  /** The best paths of all, for comparison. */
  private List<CtcPath> greedy(CtcBatch batch) {
    return CtcDecoder.create(threads.engine())
        .greedy(batch.logits(), NBestSearch.inputLengths(batch), input.options());
  }

  private CtcBatch withTranscripts(CtcBatch batch, List<String> names, Vocabulary vocabulary)
      throws IOException {
    List<String> lines = Transcripts.read(transcripts, names);
    int[][] targets = new int[lines.size()][];
    int[] inputLengths = new int[lines.size()];
    for (int n = 0; n < targets.length; n++) {
      try {
        targets[n] = vocabulary.encode(lines.get(n));
      } catch (InvalidInputException e) {
        throw new InvalidInputException(
            "%s: utterance %d: %s".formatted(transcripts, n, e.getMessage()));
      }
      inputLengths[n] = batch.inputLength(n);
    }
    return CtcBatch.of(batch.logits(), Targets.of(targets), inputLengths);
  }

  private List<CtcPath> align(String name, CtcBatch batch, CtcOptions options) {
    try (CtcAligner aligner = open()) {
      return Progress.during("aligning", () -> aligner.align(batch, options));
    } catch (InvalidInputException e) {
      throw new InvalidInputException(name + ": " + e.getMessage());
    }
  }

  private CtcAligner open() {
    return backend == Choice.AUTO
        ? CtcAligner.create(threads.engine())
        : CtcAligner.create(Backend.valueOf(backend.name()), threads.engine());
  }
}
