package org.ctc4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.ctc4j.CtcBatch;
import org.ctc4j.InvalidInputException;
import org.ctc4j.io.OutputTarget;
import org.ctc4j.text.Vocabulary;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "explain",
    description = {
      "Shows what CTC does with one utterance.",
      "",
      "The probabilities of the target's labels over time; the lattice of all paths that collapse to"
          + " the target, and how likely each state is; the best path; the loss and its gradient. In"
          + " characters here, and as a page to print with --plot."
    },
    footer = {
      "",
      "Examples:",
      "  ctc explain                          a word of the sample",
      "  ctc explain --utterance 0 --plot page.png",
      "  ctc explain batch.npz --utterance 3 --tokens tokens.txt --plot page.png",
      "  ctc explain hour.npz --frames 90000:90200 --json",
      "  ctc explain batch.npz --tokens tokens.txt --transcripts known.txt --star '*'   parts of it untranscribed"
    },
    sortOptions = false,
    mixinStandardHelpOptions = true)
final class ExplainCommand implements Callable<Integer> {
  private static final int SHORT_SAMPLE = 5; // "monday"

  @Spec private CommandSpec spec;
  @Mixin private InputOptions input;
  @Mixin private TokenOptions naming;
  @Mixin private TranscriptOptions transcripts;

  @Option(
      names = "--utterance",
      paramLabel = "N",
      description = "Which utterance of the batch (default: 0; of the sample 5).")
  private Integer utterance;

  @Option(
      names = "--frames",
      paramLabel = "FROM:TO",
      description =
          "Only these frames, of a long recording: from FROM to the one before TO, explained as if"
              + " there were no others. Their text is what the best path says in them (default: all).")
  private String frames;

  @Option(names = "--json", description = "Print one JSON object, with all that is drawn.")
  private boolean json;

  @Option(names = "--plot", paramLabel = "OUT.png", description = "Draw the page into this file.")
  private Path plot;

  @Override
  public Integer call() throws IOException {
    PrintWriter err = spec.commandLine().getErr();
    transcripts.check();
    OutputTarget plotTarget =
        new Outputs(input.file, naming.file(), transcripts.file()).add("--plot", plot);
    Double frameShift = naming.frameShift(input);
    BatchFile file =
        transcripts.file() == null ? BatchFile.read(input, err) : BatchFile.readLogits(input, err);
    Vocabulary vocabulary = naming.of(input, file, err).vocabulary();
    int n = utterance(file);
    CtcBatch batch = transcripts.addTo(file.batch(), names(file), vocabulary);
    Explanation explanation = file.named(() -> explain(batch, n, vocabulary));
    if (plotTarget != null) {
      plotTarget.write(new ExplainPicture(explanation, frameShift).png());
    }
    if (json) {
      new ExplainJson(explanation, n, frameShift).print(spec.commandLine().getOut());
    } else {
      new ExplainText(explanation).print(spec.commandLine().getOut());
    }
    return 0;
  }

  private int utterance(BatchFile file) {
    int n = utterance != null ? utterance : input.file == null ? SHORT_SAMPLE : 0;
    if (n < 0 || n >= file.batch().utterances()) {
      throw new InvalidInputException(
          "%s: --utterance: expected a number in [0, %d), got %d"
              .formatted(file.name(), file.batch().utterances(), n));
    }
    return n;
  }

  private static List<String> names(BatchFile file) {
    return file.names() != null ? file.names() : UtteranceNames.numbered(file.batch().utterances());
  }

  private Explanation explain(CtcBatch batch, int n, Vocabulary vocabulary) {
    FrameWindow window = frames == null ? null : FrameWindow.parse(frames, batch.inputLength(n));
    return Explanation.of(batch, n, window, input.options(), vocabulary);
  }
}
