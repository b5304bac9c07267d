package org.ctc4j.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import org.ctc4j.CtcBatch;
import org.ctc4j.FrameTensor;
import org.ctc4j.InvalidInputException;
import org.ctc4j.Targets;
import org.ctc4j.Wildcards;

/** Reads a list of labels, as the package's documentation describes it. */
final class Labels {
  private Labels() {}

  /**
   * @param wildcards what those in the targets cost; null if there can be none
   */
  static CtcBatch batch(FrameTensor predictions, NDList labels, Wildcards wildcards) {
    if (labels.isEmpty() || labels.size() > 3) {
      throw new InvalidInputException(
          "labels: expected targets, target lengths and input lengths, one to three arrays, got "
              + labels.size());
    }
    Targets plain = targets(labels);
    Targets targets = wildcards == null ? plain : plain.withWildcards(wildcards);
    return labels.size() == 3
        ? CtcBatch.of(predictions, targets, integers("input lengths", labels.get(2)))
        : CtcBatch.of(predictions, targets);
  }

  private static Targets targets(NDList labels) {
    Shape shape = labels.get(0).getShape();
    int dimensions = shape.dimension();
    if (dimensions != 1 && dimensions != 2) {
      throw new InvalidInputException(
          "targets: expected (N, Lmax) or concatenated targets, got the shape " + shape);
    }
    int[] values = integers("targets", labels.get(0));
    if (labels.size() == 1) {
      if (dimensions == 1) {
        throw new InvalidInputException(
            "labels: concatenated targets come with target lengths, got targets alone");
      }
      int[] lengths = new int[Math.toIntExact(shape.get(0))];
      Arrays.fill(lengths, Math.toIntExact(shape.get(1)));
      return Targets.padded(values, Math.toIntExact(shape.get(1)), lengths);
    }
    int[] lengths = integers("target lengths", labels.get(1));
    return dimensions == 1
        ? Targets.concatenated(values, lengths)
        : Targets.padded(values, Math.toIntExact(shape.get(1)), lengths);
  }

  private static int[] integers(String name, NDArray array) {
    try (HostArray host = new HostArray(name, array)) {
      return host.integers();
    }
  }
}
