package org.ctc4j.cli;

import java.io.IOException;
import java.util.Arrays;
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
    int size = Arrays.stream(shape).reduce(1, Math::multiplyExact);
    int classes = batch.projection().classes();
    int weights = Math.multiplyExact(classes, batch.projection().dimensions());
    ElementType type = ctc.gradientType(batch.hidden().elements().type());
    hidden = array(type, size);
    result =
        ProjectedResult.ofGradients(
            batch.utterances(),
            layout.view(hidden, shape, false),
            array(type, weights),
            batch.projection().bias() == null ? null : array(type, classes));
  }

  private static Elements array(ElementType type, int size) {
    return type == ElementType.FLOAT64
        ? Elements.of(new double[size])
        : Elements.of(new float[size]);
  }

  /** Where the backend writes. */
  ProjectedResult result() {
    return result;
  }

  /** Writes all or, if anything goes wrong, nothing. */
  void write(OutputTarget file) throws IOException {
    int classes = batch.projection().classes();
    try (NpzWriter npz = NpzWriter.open(file)) {
      add(npz, "grad_hidden", hidden, shape);
      add(npz, "grad_weight", result.weightGradient(), classes, batch.projection().dimensions());
      if (result.biasGradient() != null) {
        add(npz, "grad_bias", result.biasGradient(), classes);
      }
      npz.addDoubles("losses", new long[] {result.utterances()}, result.losses());
      npz.commit();
    }
  }

  private static void add(NpzWriter npz, String name, Elements elements, int... shape)
      throws IOException {
    long[] dimensions = Arrays.stream(shape).asLongStream().toArray();
    if (elements.storage() instanceof double[] doubles) {
      npz.addDoubles(name, dimensions, doubles);
    } else {
      npz.addFloats(name, dimensions, (float[]) elements.storage());
    }
  }
}
