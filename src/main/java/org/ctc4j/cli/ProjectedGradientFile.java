package org.ctc4j.cli;

import java.io.IOException;
import org.ctc4j.Ctc;
import org.ctc4j.ElementType;
import org.ctc4j.Elements;
import org.ctc4j.ProjectedBatch;
import org.ctc4j.ProjectedResult;
import org.ctc4j.io.NpzWriter;
import org.ctc4j.io.OutputTarget;

/**
 * The gradients of a projected batch, and the file they go to: {@code grad_hidden} in the shape and
 * layout of the file's hidden states, {@code grad_weight}, {@code grad_bias} if the projection has
 * a bias, all float64 or float32 as the backend decides, and {@code losses}, float64.
 */
final class ProjectedGradientFile {
  private final int[] shape;
  private final Elements hidden;
  private final ProjectedBatch batch;
  private final ProjectedResult result;

  ProjectedGradientFile(Ctc ctc, ProjectedBatch batch, int[] shape, Layout layout) {
    this.batch = batch;
    this.shape = shape;
    int classes = batch.projection().classes();
    ElementType type = ctc.gradientType(batch.hidden().elements().type());
    hidden = FrameFile.array(type, shape);
    result =
        ProjectedResult.ofGradients(
            batch.utterances(),
            layout.view(hidden, shape, false),
            FrameFile.array(type, classes, batch.projection().dimensions()),
            batch.projection().bias() == null ? null : FrameFile.array(type, classes));
  }

  /** Where the backend writes. */
  ProjectedResult result() {
    return result;
  }

  /** Writes all or, if anything goes wrong, nothing. */
  void write(OutputTarget file) throws IOException {
    int classes = batch.projection().classes();
    try (NpzWriter npz = NpzWriter.open(file)) {
      FrameFile.add(npz, "grad_hidden", hidden, shape);
      FrameFile.add(
          npz, "grad_weight", result.weightGradient(), classes, batch.projection().dimensions());
      if (result.biasGradient() != null) {
        FrameFile.add(npz, "grad_bias", result.biasGradient(), classes);
      }
      npz.addDoubles("losses", new long[] {result.utterances()}, result.losses());
      npz.commit();
    }
  }
}
