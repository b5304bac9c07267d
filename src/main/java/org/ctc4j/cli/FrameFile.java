package org.ctc4j.cli;

import java.io.IOException;
import java.util.Arrays;
import org.ctc4j.Ctc;
import org.ctc4j.CtcResult;
import org.ctc4j.ElementType;
import org.ctc4j.Elements;
import org.ctc4j.FrameTensor;
import org.ctc4j.io.NpzWriter;
import org.ctc4j.io.OutputTarget;

/**
 * An array in the shape and layout of a file's logits, a gradient or posteriors, and the file it
 * goes to: float64 or float32 as the backend decides, and {@code losses}, float64.
 */
final class FrameFile {
  private final String name;
  private final int[] shape;
  private final Elements elements; // C order
  private final FrameTensor tensor;

  FrameFile(Ctc ctc, String name, BatchFile file, Layout layout) {
    this.name = name;
    this.shape = file.shape();
    this.elements = array(ctc.gradientType(file.batch().logits().elements().type()), shape);
    this.tensor = layout.view(elements, shape, false);
  }

  /** Zeros in one array of float64 or float32. */
  static Elements array(ElementType type, int... shape) {
    int size = Arrays.stream(shape).reduce(1, Math::multiplyExact);
    return type == ElementType.FLOAT64
        ? Elements.of(new double[size])
        : Elements.of(new float[size]);
  }

  /** Adds one of {@link #array}. */
  static void add(NpzWriter npz, String name, Elements elements, int... shape) throws IOException {
    long[] dimensions = Arrays.stream(shape).asLongStream().toArray();
    if (elements.storage() instanceof double[] doubles) {
      npz.addDoubles(name, dimensions, doubles);
    } else {
      npz.addFloats(name, dimensions, (float[]) elements.storage());
    }
  }

  /** Where the backend writes. */
  FrameTensor tensor() {
    return tensor;
  }

  /** Writes all or, if anything goes wrong, nothing. */
  void write(OutputTarget file, CtcResult result) throws IOException {
    try (NpzWriter npz = NpzWriter.open(file)) {
      add(npz, name, elements, shape);
      npz.addDoubles("losses", new long[] {result.utterances()}, result.losses());
      npz.commit();
    }
  }
}
