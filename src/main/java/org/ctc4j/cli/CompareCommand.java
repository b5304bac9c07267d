package org.ctc4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.ctc4j.Backend;
import org.ctc4j.BackendReport;
import org.ctc4j.Ctc;
import org.ctc4j.CtcResult;
import org.ctc4j.InvalidInputException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "compare",
    description = {
      "Losses and gradient of a batch by every backend that works here, against the reference.",
      "",
      "Exit code 1 if a status differs, or a loss (relative) or the gradient (norm of the difference"
          + " by norm) is off by more than the tolerance."
    },
    sortOptions = false,
    mixinStandardHelpOptions = true)
final class CompareCommand implements Callable<Integer> {
  private static final int FAILED = 1;

  @Spec private CommandSpec spec;
  @Mixin private BatchOptions input;
  @Mixin private EngineChoice engine;

  @Option(
      names = "--tolerance",
      paramLabel = "X",
      defaultValue = "1e-5",
      description = "Largest error that passes (default: ${DEFAULT-VALUE}).")
  private double tolerance;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    if (!(tolerance >= 0)) {
      throw new InvalidInputException(
          "--tolerance: expected a number of at least 0, got " + tolerance);
    }
    BatchFile file = BatchFile.read(input, spec.commandLine().getErr());
    EngineChoice.preferQuickStart(file.batch(), file.batch().logits().classes());
    CtcResult reference;
    try (Ctc ctc = engine.open(Backend.REFERENCE)) {
      reference = compute(ctc, file);
    }
    for (int n = 0; n < reference.utterances(); n++) {
      String reason = NoPath.reason(file.batch(), n, reference.status(n));
      if (reason != null) {
        Messages.note(
            spec.commandLine().getErr(),
            "utterance %d is %s: %s".formatted(n, reference.status(n), reason));
      }
    }
    List<Comparison> comparisons = new ArrayList<>();
    List<BackendReport> notRun = new ArrayList<>();
    for (BackendReport report : engine.candidates()) {
      if (report.backend() == Backend.REFERENCE) {
        continue;
      }
      if (report.usable()) {
        try (Ctc ctc = engine.open(report.backend())) {
          comparisons.add(new Comparison(ctc, file.batch(), reference, compute(ctc, file)));
        }
      } else {
        notRun.add(report);
      }
    }
    CompareReport report = new CompareReport(comparisons, notRun, tolerance);
    if (json) {
      report.printJson(out);
    } else {
      report.printTable(out);
    }
    return report.passed() ? 0 : FAILED;
  }

  private CtcResult compute(Ctc ctc, BatchFile file) {
    return file.during(
        "computing by " + ctc.backend(), () -> ctc.lossAndGradient(file.batch(), input.options()));
  }
}
