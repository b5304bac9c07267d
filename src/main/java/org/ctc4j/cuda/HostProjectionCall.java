package org.ctc4j.cuda;

import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcStatus;
import org.ctc4j.ElementType;
import org.ctc4j.Elements;
import org.ctc4j.FrameTensor;
import org.ctc4j.ProjectedBatch;
import org.ctc4j.Projection;
import org.ctc4j.engine.ProjectedCall;

/**
 * One call on hidden states in host memory, and its tensors as they are copied.
 *
 * @param type of hidden states, weight and bias on the device
 * @param bias null if there is none
 * @param hiddenGradient null if it is not asked for, as the two that follow
 * @param outputType of the last two on the device
 * @param rows used frames of all utterances
 * @param frames the most that an utterance uses
 */
record HostProjectionCall(
    ProjectedCall call,
    ElementType type,
    HostTensor hidden,
    HostTensor weight,
    HostTensor bias,
    HostTensor hiddenGradient,
    HostTensor weightGradient,
    HostTensor biasGradient,
    ElementType outputType,
    long rows,
    int frames,
    int labels,
    long totalLabels) {

  static HostProjectionCall of(ProjectedCall call) {
    ProjectedBatch batch = call.batch();
    FrameTensor hiddenGradient = call.places().hiddenGradient();
    Elements weightGradient = call.places().weightGradient();
    Elements biasGradient = call.places().biasGradient();
    Projection layer = batch.projection();
    boolean wide = isFloat64(weightGradient) || isFloat64(biasGradient);
    ElementType outputType = wide ? ElementType.FLOAT64 : ElementType.FLOAT32;
    FrameTensor weight = matrix(layer.weight(), layer.classes(), layer.dimensions());
    FrameTensor bias = matrix(layer.bias(), 1, layer.classes());
    ElementType type = commonType(batch.hidden(), weight, bias);
    long rows = 0;
    int frames = 0;
    int labels = 0;
    long totalLabels = 0;
    for (int n = 0; n < batch.utterances(); n++) {
      rows += batch.inputLength(n);
      frames = Math.max(frames, batch.inputLength(n));
      labels = Math.max(labels, batch.targets().length(n));
      totalLabels += batch.targets().length(n);
    }
    return new HostProjectionCall(
        call,
        type,
        new HostTensor(batch.hidden(), type),
        new HostTensor(weight, type),
        bias == null ? null : new HostTensor(bias, type),
        hiddenGradient == null ? null : new HostTensor(hiddenGradient),
        output(weightGradient, layer.classes(), layer.dimensions(), outputType),
        output(biasGradient, 1, layer.classes(), outputType),
        outputType,
        rows,
        frames,
        labels,
        totalLabels);
  }

  /** (rows, columns) in C order as a tensor of one utterance; null for none. */
  private static FrameTensor matrix(Elements elements, int rows, int columns) {
    return elements == null ? null : FrameTensor.timeMajor(elements, rows, 1, columns);
  }

  private static HostTensor output(Elements elements, int rows, int columns, ElementType type) {
    return elements == null ? null : new HostTensor(matrix(elements, rows, columns), type);
  }

  private static boolean isFloat64(Elements elements) {
    return elements != null && elements.type() == ElementType.FLOAT64;
  }

  /** 16-bit numbers go up as they are only if all can: those that lie in pieces cannot. */
  private static ElementType commonType(FrameTensor... tensors) {
    List<ElementType> types =
        Stream.of(tensors)
            .filter(Objects::nonNull)
            .map(tensor -> new HostTensor(tensor).stagedType())
            .distinct()
            .toList();
    return types.size() == 1 ? types.get(0) : ElementType.FLOAT32;
  }

  ProjectedBatch batch() {
    return call.batch();
  }

  CtcOptions options() {
    return call.options();
  }

  double[] weights() {
    return call.weights();
  }

  double[] losses() {
    return call.places().losses();
  }

  CtcStatus[] statuses() {
    return call.places().statuses();
  }

  int dimensions() {
    return batch().projection().dimensions();
  }

  int classes() {
    return batch().projection().classes();
  }

  /** Numbers of all weights, C · D. */
  long weightNumbers() {
    return (long) classes() * dimensions();
  }

  /** For messages. */
  String shape() {
    return "(T, N, D) = (%d, %d, %d), C = %d, L = %d"
        .formatted(frames, batch().utterances(), dimensions(), classes(), labels);
  }
}
