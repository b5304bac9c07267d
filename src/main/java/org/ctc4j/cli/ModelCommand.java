package org.ctc4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.ctc4j.InvalidInputException;
import org.ctc4j.lm.NGramModel;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "model",
    description = {
      "What an n-gram language model has, and a file of it that opens at once.",
      "",
      "'ctc decode --lm' reads ARPA files; one that was written by this command is mapped into memory"
          + " instead, whatever its size, and processes share it."
    },
    footer = {
      "",
      "Examples:",
      "  ctc model words.arpa.gz",
      "  ctc model words.arpa.gz --out words.lm --quantised",
      "  ctc decode --beam 100 --lm words.lm"
    },
    sortOptions = false,
    mixinStandardHelpOptions = true)
final class ModelCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "FILE",
      description =
          "An ARPA file, as it is or compressed with gzip, or a file that this command has written.")
  private Path file;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "Write the model to this file, 16 bytes an n-gram, 8 in the highest order.")
  private Path out;

  @Option(
      names = "--quantised",
      description =
          "With --out: probabilities and backoffs rounded to 256 values for every order; 10 bytes an"
              + " n-gram, 5 in the highest order.")
  private boolean quantised;

  @Override
  public Integer call() throws IOException {
    if (quantised && out == null) {
      throw new InvalidInputException("--quantised: only with --out, which is missing");
    }
    new Outputs(file).add("--out", out);
    NGramModel model = NGramModel.read(file);
    if (out != null) {
      (quantised ? model.quantised() : model).write(out);
    }
    spec.commandLine().getOut().println(model);
    return 0;
  }
}
