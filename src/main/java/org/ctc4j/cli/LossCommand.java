package org.ctc4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcResult;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "loss",
    description = {
      "Losses, and on request the gradient, of a batch.",
      "",
      "The loss of an utterance is −ln p(target | logits) in nats: 0 is certainty, and 2.3 more is ten"
          + " times less likely."
    },
    footer = {
      "",
      "Examples:",
      "  ctc loss                                real speech that comes with ctc4j",
      "  ctc loss batch.npz --reduction mean     as PyTorch's default",
      "  ctc loss batch.npz --grad grad.npz      the gradient into a file",
      "  ctc loss batch.npz --json               for programs"
    },
    sortOptions = false,
    mixinStandardHelpOptions = true)
final class LossCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private BatchOptions input;
  @Mixin private EngineChoice engine;

  @Option(
      names = "--grad",
      paramLabel = "OUT.npz",
      description = "Write the gradient, 'grad', in the logits' shape, and 'losses' to this file.")
  private Path gradientPath;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    if (gradientPath != null) {
      OutputFile.refuseUnwritable("--grad", gradientPath);
    }
    BatchFile file = BatchFile.read(input, spec.commandLine().getErr());
    CtcBatch batch = file.batch();
    try (Ctc ctc = engine.open(batch)) {
      GradientFile gradient =
          gradientPath == null
              ? null
              : new GradientFile(ctc, batch.logits().elements().type(), file.shape(), input.layout);
      CtcResult result =
          gradient == null
              ? CtcResult.ofLosses(batch.utterances())
              : CtcResult.ofGradient(gradient.tensor());
      long start = System.nanoTime();
      file.compute(ctc, input.options(), result, "computing");
      double milliseconds = (System.nanoTime() - start) / 1e6;
      if (gradient != null) {
        gradient.write(gradientPath, result);
      }
      LossReport report = new LossReport(ctc, input.reduction, result, milliseconds);
      if (json) {
        report.printJson(out);
      } else {
        List<String> transcripts = input.file == null ? Sample.transcripts() : List.of();
        report.printTable(batch, transcripts, out);
      }
      return 0;
    }
  }
}
