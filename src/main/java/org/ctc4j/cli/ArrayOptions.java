package org.ctc4j.cli;

import java.util.ArrayList;
import java.util.List;
import org.ctc4j.InvalidInputException;
import org.ctc4j.io.NpzReader;
import org.ctc4j.io.Text;
import picocli.CommandLine.Option;

/** What the arrays of a batch's file are called; null where nothing was said. */
final class ArrayOptions {
  @Option(
      names = "--logits",
      paramLabel = "NAME",
      description = "What the array of logits, or of hidden states, is called (default: as above).")
  String logits;

  @Option(names = "--targets", paramLabel = "NAME", description = "Likewise that of targets.")
  String targets;

  @Option(
      names = "--input-lengths",
      paramLabel = "NAME",
      description = "Likewise that of input lengths.")
  String inputLengths;

  @Option(
      names = "--target-lengths",
      paramLabel = "NAME",
      description = "Likewise that of target lengths.")
  String targetLengths;

  /**
   * Refuses a file without an array, and tells how to say which it is where there are others.
   *
   * @param option that does
   */
  void require(NpzReader npz, String array, String option) {
    if (!npz.contains(array)) {
      List<String> others = new ArrayList<>(npz.names());
      others.remove(logits == null ? "logits" : logits);
      throw new InvalidInputException(
          "no array %s, the file has %s%s"
              .formatted(
                  Text.quote(array),
                  Text.brief(npz.names().toString()),
                  others.isEmpty() ? "" : "; " + option + " NAME says which of them it is"));
    }
  }
}
