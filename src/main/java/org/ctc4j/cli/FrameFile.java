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
  private final Object array; // double[] or float[], C order
  private final FrameTensor tensor;

  FrameFile(Ctc ctc, String name, ElementType logitsType, int[] shape, Layout layout) {
    this.name = name;
    this.shape = shape;
    int size = Arrays.stream(shape).reduce(1, Math::multiplyExact);
    Elements elements;
    if (ctc.gradientType(logitsType) == ElementType.FLOAT64) {
      double[] doubles = new double[size];
      array = doubles;
      elements = Elements.of(doubles);
    } else {
      float[] floats = new float[size];
      array = floats;
      elements = Elements.of(floats);
    }
    tensor = layout.view(elements, shape, false);
  }

  /** Where the backend writes. */
  FrameTensor tensor() {
    return tensor;
  }

  /** Writes all or, if anything goes wrong, nothing. */
  void write(OutputTarget file, CtcResult result) throws IOException {
    long[] dimensions = Arrays.stream(shape).asLongStream().toArray();
    try (NpzWriter npz = NpzWriter.open(file)) {
      if (array instanceof double[] doubles) {
        npz.addDoubles(name, dimensions, doubles);
      } else {
        npz.addFloats(name, dimensions, (float[]) array);
      }
      npz.addDoubles("losses", new long[] {result.utterances()}, result.losses());
      npz.commit();
    }
  }
}
