package org.ctc4j.cuda.host;

import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import jcuda.driver.CUstream;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcStatus;
import org.ctc4j.DeviceProjectedBatch;
import org.ctc4j.DeviceProjectedResult;
import org.ctc4j.DeviceProjection;
import org.ctc4j.DeviceResult;
import org.ctc4j.ElementType;
import org.ctc4j.Elements;
import org.ctc4j.FrameTensor;
import org.ctc4j.InvalidInputException;
import org.ctc4j.Projection;
import org.ctc4j.Reduction;
import org.ctc4j.cuda.kernels.ProjectionCall;
import org.ctc4j.cuda.kernels.ProjectionKernels;
import org.ctc4j.cuda.kernels.ProjectionShape;
import org.ctc4j.cuda.kernels.ProjectionWorkspace;
import org.ctc4j.engine.ProjectedCall;
import org.ctc4j.engine.ProjectedPlaces;

/**
 * One call for the losses of hidden states in host memory. These (the used frames alone), weight
 * and bias go up as a whole, the gradients come down as a whole, and all that is between them stays
 * on the device.
 */
public final class HostProjections implements HostCall {
  private final ProjectedCall call;
  private final ProjectionKernels kernels;
  private final long workspaceLimit;
  private final int architecture;
  private final Projection layer;
  private final Utterances utterances;
  private final ElementType type; // of hidden states, weight and bias on the device
  private final HostTensor hidden;
  private final HostTensor weight;
  private final HostTensor bias; // null if there is none
  private final HostTensor hiddenGradient; // null if it is not asked for, as the two that follow
  private final HostTensor weightGradient;
  private final HostTensor biasGradient;
  private final ElementType outputType; // of the last two on the device

  /**
   * @param workspaceLimit bytes that recursions and a chunk stay within, as long as they can
   * @param architecture 10 · major + minor of the device
   */
  public HostProjections(
      ProjectedCall call, ProjectionKernels kernels, long workspaceLimit, int architecture) {
    this.call = call;
    this.kernels = kernels;
    this.workspaceLimit = workspaceLimit;
    this.architecture = architecture;
    layer = call.batch().projection();
    utterances = Utterances.of(call.batch());
    FrameTensor weights = matrix(layer.weight(), layer.classes(), layer.dimensions());
    FrameTensor biases = matrix(layer.bias(), 1, layer.classes());
    type = commonType(call.batch().hidden(), weights, biases);
    hidden = new HostTensor(call.batch().hidden(), type);
    weight = new HostTensor(weights, type);
    bias = orNull(biases, type);
    ProjectedPlaces places = call.places();
    boolean wide = isFloat64(places.weightGradient()) || isFloat64(places.biasGradient());
    outputType = wide ? ElementType.FLOAT64 : ElementType.FLOAT32;
    hiddenGradient = HostTensor.orNull(places.hiddenGradient());
    weightGradient =
        orNull(matrix(places.weightGradient(), layer.classes(), layer.dimensions()), outputType);
    biasGradient = orNull(matrix(places.biasGradient(), 1, layer.classes()), outputType);
  }

  /** (rows, columns) in C order as a tensor of one utterance; null for none. */
  private static FrameTensor matrix(Elements elements, int rows, int columns) {
    return elements == null ? null : FrameTensor.timeMajor(elements, rows, 1, columns);
  }

  private static HostTensor orNull(FrameTensor matrix, ElementType type) {
    return matrix == null ? null : new HostTensor(matrix, type);
  }

  private static boolean isFloat64(Elements elements) {
    return elements != null && elements.type() == ElementType.FLOAT64;
  }

  private static ElementType commonType(FrameTensor... tensors) {
    List<ElementType> types =
        Stream.of(tensors)
            .filter(Objects::nonNull)
            .map(tensor -> tensor.elements().type())
            .distinct()
            .toList();
    return types.size() == 1 ? types.get(0) : ElementType.FLOAT32;
  }

  @Override
  public int utterances() {
    return utterances.count();
  }

  @Override
  public StagedChunk next(int first, int mostUtterances) {
    Chunk all = utterances.all();
    if (all.totalFrames() > Integer.MAX_VALUE
        || (long) all.frames() * all.count() > Integer.MAX_VALUE) {
      throw new InvalidInputException(
          "expected T · N < 2^31 for the largest number of used frames T, got " + shape(all));
    }
    return new ProjectionChunk(all);
  }

  @Override
  public boolean isWhole() {
    return true;
  }

  private String shape(Chunk all) {
    return "(T, N, D) = (%d, %d, %d), C = %d, L = %d"
        .formatted(all.frames(), all.count(), layer.dimensions(), layer.classes(), all.labels());
  }

  private ProjectionWorkspace workspace(Chunk all) {
    return new ProjectionWorkspace(
        new ProjectionShape(
            new ProjectionShape.Batch(
                all.frames(), all.count(), Math.toIntExact(all.totalFrames()), all.labels()),
            new ProjectionShape.Layer(type, layer.classes(), layer.dimensions(), false),
            new ProjectionShape.Gradients(
                hiddenGradient != null, weightGradient != null, biasGradient != null)),
        workspaceLimit,
        architecture);
  }

  private final class ProjectionChunk extends StagedChunk {
    private final Staged hiddenThere = input(hidden);
    private final long weightOffset = inputMatrix(weight);
    private final long biasOffset = inputMatrix(bias);
    private final Staged hiddenGradientThere = output(hiddenGradient);
    private final long weightGradientOffset = outputMatrix(weightGradient);
    private final long biasGradientOffset = outputMatrix(biasGradient);
    private final ProjectionWorkspace workspace = workspace(chunk());
    private final long workspaceOffset = region(workspace.bytes);

    ProjectionChunk(Chunk all) {
      super(new PackedBatch(utterances, all, call.weights(), layer.dimensions(), 1));
    }

    @Override
    String shape() {
      return HostProjections.this.shape(chunk());
    }

    @Override
    void enqueue(long base, CUstream stream) {
      DeviceProjection layerThere =
          new DeviceProjection(
              base + weightOffset,
              bias == null ? 0 : base + biasOffset,
              type,
              layer.classes(),
              layer.dimensions());
      DeviceProjectedResult result =
          new DeviceProjectedResult(
              new DeviceResult(losses(base), statuses(base), 0, on(base, hiddenGradientThere)),
              weightGradient == null ? 0 : base + weightGradientOffset,
              biasGradient == null ? 0 : base + biasGradientOffset,
              outputType);
      // weights, reduction and zeroInfinity are dealt with on the host
      CtcOptions options = call.options().withReduction(Reduction.NONE).withZeroInfinity(false);
      kernels.enqueue(
          new ProjectionCall(
              new DeviceProjectedBatch(
                  packed().on(base, on(base, hiddenThere), layer.dimensions()), layerThere),
              options,
              result,
              base + packed().starts(1),
              Math.toIntExact(chunk().totalFrames())),
          workspace,
          base + workspaceOffset,
          stream);
    }

    @Override
    void set(int n, double loss, CtcStatus status) {
      call.places().set(n, loss, status);
    }

    @Override
    void finish() {
      if (hiddenGradient != null) {
        clearUnused(hiddenGradient);
      }
    }
  }
}
