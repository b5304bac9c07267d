package org.ctc4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
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
import org.ctc4j.cli.output.TimedUtterance;
import org.ctc4j.cli.output.Timeline;
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
      "  ctc align batch.npz --tokens vocab.json --blank 31 --transcripts texts.txt --json",
      "  ctc align long.npz --tokens tokens.txt --transcripts known.txt --star '*'   parts of it untranscribed"
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

  @Mixin private TranscriptOptions transcripts;

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
    transcripts.check();
    Outputs outputs = new Outputs(input.file, tokens.file(), transcripts.file(), times.namesFile());
    TimeFiles files = times.open(outputs);
    BatchFile file =
        transcripts.file() == null ? BatchFile.read(input, err) : BatchFile.readLogits(input, err);
    Naming naming = tokens.of(input, file, err);
    TimeSetting setting = times.setting(file, naming, files);
    CtcBatch batch = transcripts.addTo(file.batch(), setting.names(), naming.vocabulary());
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
