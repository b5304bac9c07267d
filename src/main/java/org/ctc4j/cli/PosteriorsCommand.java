package org.ctc4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcResult;
import org.ctc4j.Reduction;
import org.ctc4j.io.OutputTarget;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "posteriors",
    description = {
      "How likely each class is at each frame, given the target.",
      "",
      "Of all paths that collapse to the target, weighed by their probabilities, the share that is on"
          + " the class at the frame. Soft labels of frames: softmax minus them is the gradient."
    },
    footer = {
      "",
      "Examples:",
      "  ctc posteriors --out posteriors.npz            real speech that comes with ctc4j",
      "  ctc posteriors batch.npz --out posteriors.npz"
    },
    sortOptions = false,
    mixinStandardHelpOptions = true)
final class PosteriorsCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private InputOptions input;
  @Mixin private OffsetOptions offsets;
  @Mixin private WildcardOptions wildcards;
  @Mixin private EngineChoice engine;

  @Option(
      names = "--out",
      paramLabel = "P.npz",
      required = true,
      description =
          "Write the posteriors, 'posteriors', in the logits' shape, and 'losses' to this file; 0 in"
              + " frames that an utterance does not use, and where no path collapses to the target.")
  private Path out;

  @Option(names = "--json", description = "Print one JSON object, as 'ctc loss' does.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    CtcOptions options = offsets.addTo(input.options());
    OutputTarget target = new Outputs(input.file).add("--out", out);
    BatchFile file = BatchFile.read(input, spec.commandLine().getErr());
    CtcBatch batch = wildcards.addTo(file.batch());
    try (Ctc ctc = engine.open(batch)) {
      FrameFile posteriors = new FrameFile(ctc, "posteriors", file, input.layout);
      CtcResult result = CtcResult.ofLosses(batch.utterances()).withPosteriors(posteriors.tensor());
      double milliseconds = file.compute(() -> ctc.compute(batch, options, result));
      posteriors.write(target, result);
      LossReport.of(ctc, Reduction.NONE, result, batch, milliseconds)
          .print(json, List.of(), spec.commandLine().getOut());
      return 0;
    }
  }
}
