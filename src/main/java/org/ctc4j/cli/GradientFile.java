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
 * A gradient in the shape and layout of a file's logits, and the file it goes to: {@code grad},
 * float64 or float32 as the backend decides, and {@code losses}, float64.
 */
final class GradientFile {
  private final int[] shape;
  private final Object array; // double[] or float[], C order
  private final FrameTensor tensor;

  GradientFile(Ctc ctc, ElementType logitsType, int[] shape, Layout layout) {
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
        npz.addDoubles("grad", dimensions, doubles);
      } else {
        npz.addFloats("grad", dimensions, (float[]) array);
      }
      npz.addDoubles("losses", new long[] {result.utterances()}, result.losses());
      npz.commit();
    }
  }
}
