package org.ctc4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.ctc4j.Backend;
import org.ctc4j.CtcAligner;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcPath;
import org.ctc4j.InvalidInputException;
import org.ctc4j.Targets;
import org.ctc4j.io.OutputTarget;
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
          + " is the geometric mean of its frames' probabilities."
    },
    footer = {
      "",
      "Examples:",
      "  ctc align                                        real speech that comes with ctc4j",
      "  ctc align batch.npz --backend cuda               on a GPU, or exit code 3",
      "  ctc align batch.npz --tokens tokens.txt --frame-shift 0.02 --textgrid folder",
      "  ctc align batch.npz --tokens vocab.json --blank 31 --transcripts texts.txt --json"
    },
    sortOptions = false,
    mixinStandardHelpOptions = true)
final class AlignCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private InputOptions input;
  @Mixin private TokenOptions naming;
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
      completionCandidates = Choices.class,
      description =
          "What computes; 'auto' is a GPU if one works here, see 'ctc devices'. The paths are the"
              + " same (default: ${DEFAULT-VALUE}).")
  private Choice backend;

  @Option(
      names = "--transcripts",
      paramLabel = "FILE",
      description =
          "Texts to align instead of the file's targets, a line for each utterance; spelled with the"
              + " fewest tokens, or tokens themselves with blanks between them.")
  private Path transcripts;

  @Option(names = "--json", description = "Print one JSON object, with the paths.")
  private boolean json;

  @Option(
      names = "--ctm",
      paramLabel = "OUT.ctm",
      description = "Write the words, or labels where there are no words, in NIST's CTM format.")
  private Path ctm;

  @Option(
      names = "--textgrid",
      paramLabel = "FOLDER",
      description =
          "Write a Praat TextGrid for each utterance that has a path, utterance-0.TextGrid and so on;"
              + " for the others a note says why there is none.")
  private Path textGrids;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    Double frameShift = naming.frameShift(input);
    requireSeconds(frameShift);
    Outputs outputs = new Outputs(input.file, naming.file(), transcripts);
    OutputTarget ctmTarget = outputs.add("--ctm", ctm);
    if (textGrids != null && !Files.isDirectory(textGrids)) {
      throw new InvalidInputException(
          "--textgrid " + textGrids + ": expected a folder that exists");
    }
    BatchFile file =
        transcripts == null ? BatchFile.read(input, err) : BatchFile.readLogits(input, err);
    Naming names = naming.of(input, file, err);
    Vocabulary vocabulary = names.vocabulary();
    CtcBatch batch = transcripts == null ? file.batch() : withTranscripts(file.batch(), vocabulary);
    TextGridFolder grids = TextGridFolder.of(textGrids, batch.utterances(), outputs);
    List<CtcPath> paths = align(file.name(), batch);
    if (ctmTarget != null) {
      String text = new CtmWriter(vocabulary, frameShift).write(paths);
      ctmTarget.write(text.getBytes(StandardCharsets.UTF_8));
    }
    if (grids != null) {
      grids.write(batch, paths, new TextGridWriter(vocabulary, frameShift), err);
    }
    PathReport report = new PathReport(paths, names);
    if (json) {
      report.printJson(out, Map.of());
    } else {
      report.printTimes(out, batch);
    }
    return 0;
  }

  private void requireSeconds(Double frameShift) {
    if (frameShift == null && (ctm != null || textGrids != null)) {
      throw new InvalidInputException(
          "%s: its times are in seconds; expected --frame-shift SECONDS beside it"
              .formatted(ctm != null ? "--ctm" : "--textgrid"));
    }
  }

  private CtcBatch withTranscripts(CtcBatch batch, Vocabulary vocabulary) throws IOException {
    List<String> lines = Transcripts.read(transcripts, batch.utterances());
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

  private List<CtcPath> align(String name, CtcBatch batch) {
    List<CtcPath> paths = new ArrayList<>();
    try (CtcAligner aligner = open()) {
      Progress.during("aligning", () -> paths.addAll(aligner.align(batch, input.options())));
    } catch (InvalidInputException e) {
      throw new InvalidInputException(name + ": " + e.getMessage());
    }
    return paths;
  }

  private CtcAligner open() {
    return backend == Choice.AUTO
        ? CtcAligner.create(threads.engine())
        : CtcAligner.create(Backend.valueOf(backend.name()), threads.engine());
  }

  private static final class Choices extends BatchOptions.Candidates {
    Choices() {
      super("auto", "cuda", "cpu");
    }
  }
}
