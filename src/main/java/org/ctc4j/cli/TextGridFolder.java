package org.ctc4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcPath;
import org.ctc4j.CtcStatus;
import org.ctc4j.io.OutputTarget;

/** A folder of TextGrids, one for each utterance that has a path. */
final class TextGridFolder {
  private final List<OutputTarget> targets;

  private TextGridFolder(List<OutputTarget> targets) {
    this.targets = targets;
  }

  /**
   * Looks at the places of all utterances.
   *
   * @param folder or null, for which null comes
   */
  static TextGridFolder of(Path folder, int utterances, Outputs outputs) throws IOException {
    if (folder == null) {
      return null;
    }
    List<OutputTarget> targets = new ArrayList<>();
    for (int n = 0; n < utterances; n++) {
      targets.add(outputs.add("--textgrid", folder.resolve("utterance-" + n + ".TextGrid")));
    }
    return new TextGridFolder(targets);
  }

  /**
   * @param err told why an utterance has none
   */
  void write(CtcBatch batch, List<CtcPath> paths, TextGridWriter writer, PrintWriter err)
      throws IOException {
    for (int n = 0; n < paths.size(); n++) {
      CtcPath path = paths.get(n);
      if (path.frames() == 0) {
        String reason =
            path.status() == CtcStatus.OK
                ? "it has no frames"
                : NoPath.reason(batch, n, path.status());
        Messages.note(
            err, "no TextGrid for utterance %d (%s): %s".formatted(n, path.status(), reason));
      } else {
        targets.get(n).write(writer.write(path).getBytes(StandardCharsets.UTF_8));
      }
    }
  }
}
