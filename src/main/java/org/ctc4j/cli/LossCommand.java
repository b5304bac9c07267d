package org.ctc4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcResult;
import org.ctc4j.GradientKind;
import org.ctc4j.InvalidInputException;
import org.ctc4j.ProjectedBatch;
import org.ctc4j.ProjectedResult;
import org.ctc4j.Projection;
import org.ctc4j.cli.BatchReader.Wanted;
import org.ctc4j.io.OutputTarget;
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
      "  ctc loss batch.npz --json               for programs",
      "  ctc loss hidden.npz --projection w.npz  from hidden states, without holding the logits"
    },
    sortOptions = false,
    mixinStandardHelpOptions = true)
final class LossCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private BatchOptions input;
  @Mixin private OffsetOptions offsets;
  @Mixin private WildcardOptions wildcards;
  @Mixin private EngineChoice engine;

  @Option(
      names = "--grad",
      paramLabel = "OUT.npz",
      description =
          "Write the gradient, 'grad', in the logits' shape, and 'losses' to this file; with"
              + " --projection 'grad_hidden', 'grad_weight', 'grad_bias' and 'losses'.")
  private Path gradientPath;

  @Option(
      names = "--projection",
      paramLabel = "W.npz",
      description =
          "The file has 'hidden', (T, N, D) or (N, T, D), in place of 'logits', and this one what"
              + " makes logits of it: 'weight' (C, D) and, optionally, 'bias' (C). The logits are"
              + " never held as a whole.")
  private Path projectionPath;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    if (gradientPath == null && input.isGiven("--grad-wrt")) {
      throw new InvalidInputException("--grad-wrt: only with --grad, which is missing");
    }
    CtcOptions options = offsets.addTo(input.options());
    OutputTarget gradientTarget =
        new Outputs(input.file, projectionPath).add("--grad", gradientPath);
    if (projectionPath != null) {
      return callProjected(options, gradientTarget, out);
    }
    BatchFile file = BatchFile.read(input, spec.commandLine().getErr());
    CtcBatch batch = wildcards.addTo(file.batch());
    try (Ctc ctc = engine.open(batch)) {
      FrameFile gradient =
          gradientTarget == null ? null : new FrameFile(ctc, "grad", file, input.layout);
      CtcResult result =
          gradient == null
              ? CtcResult.ofLosses(batch.utterances())
              : CtcResult.ofGradient(gradient.tensor());
      double milliseconds = file.compute(() -> ctc.compute(batch, options, result));
      if (gradient != null) {
        gradient.write(gradientTarget, result);
      }
      LossReport.of(ctc, input.reduction, result, batch, milliseconds)
          .print(json, input.file == null ? Sample.transcripts() : List.of(), out);
      return 0;
    }
  }

  private int callProjected(CtcOptions options, OutputTarget gradientTarget, PrintWriter out)
      throws IOException {
    if (input.gradientKind != GradientKind.INPUT) {
      throw new InvalidInputException(
          "--grad-wrt: with --projection expected input, the hidden states, got logits");
    }
    if (wildcards.of(false) != null) {
      throw new InvalidInputException(
          "--projection: expected neither --wildcards nor --skip-cost beside it, which need 'logits'");
    }
    PrintWriter err = spec.commandLine().getErr();
    Projection projection = ProjectionFile.read(projectionPath, input.bfloat16, err);
    BatchFile file = new BatchReader(input, "hidden", err).read(Wanted.NEEDED).with(projectionPath);
    ProjectedBatch batch = file.projected(projection);
    try (Ctc ctc = engine.open(file.batch(), projection.classes())) {
      ProjectedGradientFile gradient =
          gradientTarget == null
              ? null
              : new ProjectedGradientFile(ctc, batch, file.shape(), input.layout);
      ProjectedResult result =
          gradient == null ? ProjectedResult.ofLosses(batch.utterances()) : gradient.result();
      double milliseconds = file.compute(() -> ctc.compute(batch, options, result));
      if (gradient != null) {
        gradient.write(gradientTarget);
      }
      LossReport.of(ctc, input.reduction, result, file.batch(), milliseconds)
          .print(json, List.of(), out);
      return 0;
    }
  }
}
